/**
 * What the data path costs an event, without a kernel: records are decoded, filtered and encoded natively, batches
 * decoded. Prints nanoseconds of CPU time an event (one core), medians
 * of five. `node test/bench/encode.ts`
 */
import { RecordFeeder } from '../../src/capture/recordFeeder.ts';
import type { RecordSchema } from '../../src/capture/recordSchema.ts';
import { decodeBatch } from '../../src/codec/decodeBatch.ts';
import { rowsOf } from '../../src/codec/rowsOf.ts';
import type { FilterNode } from '../../src/probe/plan.ts';
import { median } from './median.ts';

const columns: RecordSchema['columns'] = [
  { type: 'Int64', kind: 'integer', wordIndex: 0, faultBit: 0, visible: true },
  { type: 'Duration', kind: 'integer', wordIndex: 1, faultBit: 1, visible: true },
  { type: 'String', kind: 'string', wordIndex: 2, faultBit: 2, visible: true },
  { type: 'Path', kind: 'path', wordIndex: 3, faultBit: 3, visible: true },
];

/** A record of four columns: an error, a duration, one of `names` file names, one of as many paths. */
function record(number: number, names: number): Buffer {
  const name = Buffer.from(`/usr/lib/library-${number % names}.so.6`);
  const path = Buffer.from(`file-${number % names}\0lib\0usr\0`);
  const bytes = Buffer.alloc(96 + name.length + path.length);
  bytes.writeUInt16LE(1, 0);
  bytes.writeUInt16LE(1, 2);
  bytes.writeBigUInt64LE(1_000_000_000n + BigInt(number) * 1700n, 8);
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

const count = 16384;

/** `count` records, and where each ends: for one call of the addon, which then costs nothing beside them. */
function recordsOf(names: number): [bytes: Buffer, ends: Uint32Array] {
  const records = Array.from({ length: count }, (_, i) => record(i, names));
  let end = 0;
  return [Buffer.concat(records), Uint32Array.from(records, ({ length }) => (end += length))];
}

function feeder(filter: FilterNode[]): RecordFeeder {
  const made = new RecordFeeder(Buffer.from('bench'));
  made.addSchema({ slot: 1, schema: 1, gate: 0, probeUid: 'p', generation: 1n, point: 0, columns, filter });
  return made;
}

/** Nanoseconds an event of `work`, which goes over `count` events. */
function measure(what: string, work: () => void): void {
  const rounds = 10;
  const results = Array.from({ length: 6 }, () => {
    const start = process.cpuUsage();
    for (let round = 0; round < rounds; round++) work();
    const { user, system } = process.cpuUsage(start);
    return ((user + system) * 1000) / (rounds * count);
  });
  const nanoseconds = median(results.slice(1));
  console.log(
    `${what.padEnd(44)} ${nanoseconds.toFixed(1).padStart(7)} ns  ${(1e3 / nanoseconds).toFixed(1)} M/s`,
  );
}

for (const names of [10, 1000, count]) {
  const [bytes, ends] = recordsOf(names);
  const encoder = feeder([]);
  measure(`encode 4 columns, ${names} distinct strings`, () => {
    encoder.pushAll(bytes, ends);
    encoder.takeFlush();
  });
  encoder.pushAll(bytes, ends);
  const [batch] = encoder.takeFlush().batches;
  if (batch === undefined) throw new Error('no batch');
  console.log(`${''.padEnd(44)} ${(batch.bytes.length / batch.rows).toFixed(1).padStart(7)} bytes an event`);
  const types = columns.map(({ type }) => type);
  measure(`decode into columns, ${names} distinct strings`, () => {
    decodeBatch(batch.bytes, types);
  });
  const shown = columns.map(({ type }, i) => ({ name: `f${i}`, type, visible: true }));
  measure(`decode into rows, ${names} distinct strings`, () => {
    for (const row of rowsOf(decodeBatch(batch.bytes, types), shown)) if (row.pid < 0) throw new Error();
  });
}
const refuser = feeder([
  { op: 'column', index: 1 },
  { op: 'integer', value: 1_000_000_000n },
  { op: 'gt' },
  { op: 'column', index: 2 },
  { op: 'string', value: Buffer.from('/etc/') },
  { op: 'startsWith' },
  { op: 'or' },
]);
const [bytes, ends] = recordsOf(1000);
measure('refuse by a comparison and a prefix', () => {
  refuser.pushAll(bytes, ends);
  refuser.takeFlush();
});
