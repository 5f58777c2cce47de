import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { recordArbitrary, schemaArbitrary } from '../capture/recordArbitrary.ts';
import { RecordFeeder } from '../capture/recordFeeder.ts';
import { ColumnSchema, EventBatchSchema, WorkloadSchema } from '../rpc/gen/traceprobe/v1/events_pb.ts';
import { decodeBatch, decodeHead, firstPointColumn, type Batch } from './decodeBatch.ts';
import { DecodeError } from './decodeError.ts';

type Init = Parameters<typeof create<typeof EventBatchSchema>>[1];

function encode(batch: Init): Uint8Array {
  return toBinary(EventBatchSchema, create(EventBatchSchema, batch));
}

/** A batch of three rows with one column of the point's own. */
function oneColumn(column: Parameters<typeof create<typeof ColumnSchema>>[1], rows = 3): Uint8Array {
  return encode({ rows, columns: [create(ColumnSchema, { field: firstPointColumn, ...column })] });
}

/** Batches of the native encoder, and the schemas that they are of. */
const nativeBatch = schemaArbitrary.chain((schema) =>
  fc.array(recordArbitrary(schema), { minLength: 1 }).map((records) => {
    const feeder = new RecordFeeder(Buffer.from('epoch'));
    feeder.addSchema(schema);
    for (const record of records) feeder.push(record);
    const [batch] = feeder.takeFlush().batches;
    return { types: schema.columns.map(({ type }) => type), bytes: batch?.bytes ?? Buffer.alloc(0) };
  }),
);

test('what the native encoder writes is what protobuf reads', () => {
  fc.assert(
    fc.property(nativeBatch, ({ types, bytes }) => {
      const message = fromBinary(EventBatchSchema, bytes);
      const batch = decodeBatch(bytes, types);
      expect(message.$unknown ?? []).toEqual([]);
      expect([...batch.columns.keys()]).toEqual(message.columns.map(({ field }) => field));
      expect(batch).toMatchObject({
        probeUid: message.probeUid,
        generation: message.generation,
        firstSequence: message.firstSequence,
        rows: message.rows,
        schema: message.schema,
        filtered: message.filtered,
      });
      expect(decodeBatch(toBinary(EventBatchSchema, message), types)).toEqual(batch);
    }),
    { numRuns: 50 },
  );
});

test('offsets are added to the base modulo 2^64', () => {
  const values = Uint8Array.of(0, 1, 255);
  const base = (1n << 63n) - 2n;
  const signed = decodeBatch(oneColumn({ width: 1, base: -2n, values }), ['Int64']).columns.get(16);
  expect(signed).toMatchObject({ values: BigInt64Array.of(-2n, -1n, 253n) });
  const unsigned = decodeBatch(oneColumn({ width: 1, base, values }), ['Uint64']).columns.get(16);
  expect(unsigned).toMatchObject({ values: BigUint64Array.of(base, base + 1n, base + 255n) });
});

test('a column without values has its base in every row', () => {
  expect(decodeBatch(oneColumn({ base: 1n }), ['Bool']).columns.get(16)).toEqual({
    field: 16,
    values: Uint8Array.of(1, 1, 1),
    faults: undefined,
  });
});

test('strings are views into a dictionary, as bytes and as text', () => {
  const bytes = oneColumn({
    width: 1,
    values: Uint8Array.of(1, 0, 2),
    dictionary: Uint8Array.of(0x61, 0x62, 0xff, 0x63),
    dictionaryOffsets: Uint8Array.of(2, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0),
  });
  const column = decodeBatch(bytes, ['String']).columns.get(16);
  if (column === undefined || !('codes' in column)) throw new Error('no string column');
  const texts = Array.from(column.codes, (code) => column.dictionary.text(code));
  expect(texts).toEqual(['', 'ab', '\ufffdc']);
  expect(column.dictionary.bytes(2)).toEqual(Uint8Array.of(0xff, 0x63));
  expect(() => column.dictionary.bytes(3)).toThrow('there is no string 3 in a dictionary of 3');
});

test('workloads come with the batch', () => {
  const workload = { cgroup: 7n, namespace: 'shop', pod: 'web-0', podUid: 'u', container: 'nginx' };
  const bytes = encode({ workloads: [create(WorkloadSchema, workload)] });
  expect(decodeBatch(bytes, []).workloads).toEqual([workload]);
});

test.each<[string, Uint8Array, RegExp]>([
  ['more rows than a batch has', encode({ rows: 65537 }), /65537 rows are more than 65536/],
  ['a width that does not exist', oneColumn({ width: 3, values: new Uint8Array(9) }), /width 3 is none of/],
  [
    'too few values',
    oneColumn({ width: 2, values: new Uint8Array(5) }),
    /5 bytes of values where 3 rows .* need 6/,
  ],
  ['faults of another number of rows', oneColumn({ faults: new Uint8Array(2) }), /2 bytes of faults/],
  ['a string without a dictionary', oneColumn({}), /row 0 has string 0 of a dictionary of 0/],
  ['half a dictionary offset', oneColumn({ dictionaryOffsets: new Uint8Array(6) }), /no whole number/],
  [
    'strings behind the dictionary',
    oneColumn({ dictionaryOffsets: Uint8Array.of(9, 0, 0, 0) }),
    /ends at byte 9 does not fit after byte 0 of a dictionary of 0/,
  ],
  ['bytes of no string', oneColumn({ dictionary: Uint8Array.of(1) }), /has 1 bytes, its strings end at 0/],
  [
    'a column nobody knows',
    encode({ columns: [create(ColumnSchema, { field: 17 })] }),
    /not one of the point's 1/,
  ],
  [
    'a column twice',
    encode({ columns: [create(ColumnSchema, { field: 2 }), create(ColumnSchema, { field: 2 })] }),
    /Column 2: is there twice/,
  ],
  ['an end within a value', Uint8Array.of(0x21, 1, 2), /the message ends within the value/],
  ['a length behind the end', Uint8Array.of(0x0a, 100, 1), /100 bytes are announced, 1 are left/],
])('%s is refused in words', (_, bytes, reason) => {
  const failure = (): Batch => decodeBatch(bytes, ['String']);
  expect(failure).toThrow(DecodeError);
  expect(failure).toThrow(reason);
  expect(failure).toThrow(/^not an event batch \(\d+ bytes\): /);
});

test('fields and columns of a newer agent are passed over', () => {
  const newer = Buffer.concat([
    encode({
      rows: 1,
      columns: [create(ColumnSchema, { field: 15 }), create(ColumnSchema, { field: 2, base: 4n })],
    }),
    Uint8Array.of(0xf8, 0x07, 1), // field 127, a varint
  ]);
  const batch = decodeBatch(newer, []);
  expect([...batch.columns.keys()]).toEqual([2]);
});

function decodes(bytes: Uint8Array, types: Parameters<typeof decodeBatch>[1]): void {
  for (const decode of [decodeHead, (batch: Uint8Array) => decodeBatch(batch, types)]) {
    try {
      decode(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
    }
  }
}

test('whatever bytes come, a batch or a DecodeError goes out', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      decodes(bytes, ['Int64', 'String']);
    }),
    { numRuns: 2000 },
  );
});

test('so it is for batches that are cut or have a byte changed', () => {
  fc.assert(
    fc.property(
      nativeBatch,
      fc.nat(),
      fc.nat(),
      fc.nat({ max: 255 }),
      ({ types, bytes }, cut, place, byte) => {
        decodes(bytes.subarray(0, cut % bytes.length), types);
        const changed = Buffer.from(bytes);
        changed[place % changed.length] = byte;
        decodes(changed, types);
      },
    ),
    { numRuns: 500 },
  );
});
