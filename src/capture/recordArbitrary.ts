import fc from 'fast-check';
import type { ColumnType, FieldKind } from '../probe/plan.ts';
import type { RecordSchema } from './recordSchema.ts';

type Kind = Exclude<FieldKind, 'none'>;

const shapes: [ColumnType, Kind][] = [
  ['Int64', 'integer'],
  ['Uint64', 'integer'],
  ['Duration', 'integer'],
  ['Float64', 'integer'],
  ['Bool', 'integer'],
  ['Ip', 'integer'],
  ['String', 'string'],
  ['Path', 'string'],
  ['Bytes', 'bytes'],
  ['String', 'bytes'],
  ['Ip', 'bytes'],
  ['String', 'strv'],
  ['Path', 'path'],
  ['Path', 'dentry'],
  ['String', 'sockaddr'],
  ['Ip', 'sockaddr'],
];

/** A schema in slot 5 of fields f0, f1, … of which some are not recorded. For tests. */
export const schemaArbitrary: fc.Arbitrary<RecordSchema> = fc
  .array(
    fc.record({
      shape: fc.constantFrom(...shapes),
      recorded: fc.boolean(),
      visible: fc.boolean(),
    }),
    { maxLength: 16 },
  )
  .map((fields) => {
    let words = 0;
    const columns = fields.flatMap(({ shape: [type, kind], recorded, visible }, faultBit) =>
      recorded ? [{ type, kind, wordIndex: words++, faultBit, visible }] : [],
    );
    const place = { slot: 5, schema: 9, gate: 2, probeUid: 'probe', generation: 9n, point: 1 };
    return { ...place, columns, filter: [] };
  });

/** A few values that come again and many that do not, of every width. */
const wordArbitrary = fc.oneof(
  fc.constantFrom(0n, 1n, (1n << 64n) - 1n, 1n << 63n, (1n << 63n) - 1n, (1n << 53n) + 1n),
  fc.bigInt(0n, 255n),
  fc.bigInt(0n, 1n << 17n),
  fc.bigInt(0n, (1n << 64n) - 1n),
);

const textArbitrary = fc.oneof(fc.constantFrom('', 'a', '/', 'caffè', 'a b'), fc.string({ maxLength: 40 }));

const partsArbitrary = fc
  .array(fc.oneof(fc.constantFrom('etc', 'usr', '/run/user'), fc.string({ maxLength: 8 })), { maxLength: 6 })
  .map((parts) => Buffer.from(parts.map((part) => `${part.replaceAll('\0', '')}\0`).join('')));

const addressArbitrary = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc.constantFrom(
    Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1),
    Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1),
    new Uint8Array(16),
    Uint8Array.of(254, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
  ),
  fc.uint8Array({ maxLength: 20 }),
);

const sockaddrArbitrary = fc
  .tuple(
    fc.constantFrom(1, 2, 10, 16),
    fc.constantFrom(0, 1, 2, 7, 8, 16, 27, 28, 110),
    fc.uint8Array({ minLength: 110, maxLength: 110 }),
  )
  .map(([family, length, rest]) => {
    const bytes = Buffer.from(rest);
    bytes.writeUInt16LE(family, 0);
    return bytes.subarray(0, length);
  });

function valueArbitrary(kind: Kind, type: ColumnType): fc.Arbitrary<Uint8Array> {
  switch (kind) {
    case 'strv':
    case 'path':
    case 'dentry':
      return partsArbitrary;
    case 'sockaddr':
      return sockaddrArbitrary;
    case 'bytes':
      return type === 'Ip' ? addressArbitrary : fc.uint8Array({ maxLength: 40 });
    default:
      return fc.oneof(
        textArbitrary.map((text) => Buffer.from(text.replaceAll('\0', ''))),
        fc.uint8Array({ maxLength: 20 }),
      );
  }
}

const header = fc.record({
  faults: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffffff })),
  time: fc.oneof(fc.bigInt(0n, 1n << 50n), fc.bigInt(1_000_000n, 1_000_400n)),
  ids: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffffffff })), {
    minLength: 5,
    maxLength: 5,
  }),
  context: fc.constantFrom(0, 0, 0, 1),
  truncated: fc.constantFrom(0, 0, 1, 3),
  cgroup: fc.bigInt(0n, (1n << 64n) - 1n),
  comm: fc.oneof(fc.constantFrom('bash', 'node', 'exactly16bytes!!'), fc.string({ maxLength: 16 })),
});

/** A record of the schema, as a program writes it. */
export function recordArbitrary(schema: RecordSchema): fc.Arbitrary<Buffer> {
  const values = schema.columns.map(({ kind, type }) =>
    kind === 'integer' ? wordArbitrary : valueArbitrary(kind, type),
  );
  return fc.tuple(header, fc.tuple(...values)).map(([head, parts]) => {
    const fixed = Buffer.alloc(64 + 8 * parts.length);
    fixed.writeUInt16LE(schema.slot, 0);
    fixed.writeUInt16LE(schema.schema, 2);
    fixed.writeUInt32LE(head.faults, 4);
    fixed.writeBigUInt64LE(head.time, 8);
    for (const [i, id] of head.ids.entries()) fixed.writeUInt32LE(id, 16 + 4 * i);
    fixed.writeUInt16LE(head.context, 36);
    fixed.writeUInt16LE(head.truncated, 38);
    fixed.writeBigUInt64LE(head.cgroup, 40);
    fixed.set(Buffer.from(head.comm).subarray(0, 16), 48);
    let end = fixed.length;
    const variable: Uint8Array[] = [];
    for (const [i, part] of parts.entries()) {
      if (typeof part === 'bigint') {
        fixed.writeBigUInt64LE(part, 64 + 8 * i);
      } else {
        fixed.writeUInt32LE(end, 64 + 8 * i);
        fixed.writeUInt32LE(part.length, 68 + 8 * i);
        variable.push(part);
        end += part.length;
      }
    }
    return Buffer.concat([fixed, ...variable]);
  });
}

/** The same record with bytes changed or its end missing, so that its layout need not be the schema's any more. */
export function damaged(record: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc.tuple(record, fc.nat(), fc.nat(), fc.nat({ max: 255 })).map(([bytes, cut, place, byte]) => {
    const copy = Buffer.from(bytes.subarray(0, 4 + (cut % (bytes.length - 3))));
    const at = 4 + (place % Math.max(1, copy.length - 4));
    if (at < copy.length) copy[at] = byte;
    return copy;
  });
}
