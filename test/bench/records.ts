import type { RecordSchema } from '../../src/capture/recordSchema.ts';

/** Columns of the records of this file. */
export const recordColumns: RecordSchema['columns'] = [
  { type: 'Int64', kind: 'integer', wordIndex: 0, faultBit: 0, visible: true },
  { type: 'Duration', kind: 'integer', wordIndex: 1, faultBit: 1, visible: true },
  { type: 'String', kind: 'string', wordIndex: 2, faultBit: 2, visible: true },
  { type: 'Path', kind: 'path', wordIndex: 3, faultBit: 3, visible: true },
];

/** Offset of tp_record's time, and ns between one record and the next. */
const timeAt = 8;
const nanosecondsApart = 1700n;

/** Many records for one call of the addon, which then costs nothing beside them, and where each ends. */
export interface Records {
  bytes: Buffer;
  ends: Uint32Array;
}

/** Records number 0 to `count` - 1: an error, a duration, one of `names` file names, one of as many paths. */
export function makeRecords(count: number, names: number): Records {
  const records = Array.from({ length: count }, (_, number) => record(number, names));
  let end = 0;
  return { bytes: Buffer.concat(records), ends: Uint32Array.from(records, ({ length }) => (end += length)) };
}

/** Gives records the times of those that have this number and the following ones. */
export function moveTo({ bytes, ends }: Records, firstNumber: number): void {
  let time = timeOf(firstNumber);
  let start = 0;
  for (const end of ends) {
    bytes.writeBigUInt64LE(time, start + timeAt);
    time += nanosecondsApart;
    start = end;
  }
}

function timeOf(number: number): bigint {
  return 1_000_000_000n + BigInt(number) * nanosecondsApart;
}

function record(number: number, names: number): Buffer {
  const name = Buffer.from(`/usr/lib/library-${number % names}.so.6`);
  const path = Buffer.from(`file-${number % names}\0lib\0usr\0`);
  const bytes = Buffer.alloc(96 + name.length + path.length);
  bytes.writeUInt16LE(1, 0);
  bytes.writeUInt16LE(1, 2);
  bytes.writeBigUInt64LE(timeOf(number), timeAt);
  for (const [i, id] of [1000 + (number % 7), 2000 + (number % 50), 1, 0, 0].entries()) {
    bytes.writeUInt32LE(id, 16 + 4 * i);
  }
  bytes.writeBigUInt64LE(4711n, 40);
  bytes.write(['bash', 'node', 'postgres'][number % 3] ?? '', 48);
  bytes.writeBigInt64LE(BigInt(-(number % 3)), 64);
  bytes.writeBigInt64LE(BigInt(1000 + ((number * 7919) % 100_000)), 72);
  bytes.writeUInt32LE(96, 80);
  bytes.writeUInt32LE(name.length, 84);
  bytes.writeUInt32LE(96 + name.length, 88);
  bytes.writeUInt32LE(path.length, 92);
  name.copy(bytes, 96);
  path.copy(bytes, 96 + name.length);
  return bytes;
}
