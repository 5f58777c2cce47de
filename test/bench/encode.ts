/**
 * What the data path costs an event, without a kernel: records are decoded, filtered and encoded natively, batches
 * decoded. Prints nanoseconds of CPU time an event (one core), medians
 * of five. `node test/bench/encode.ts`
 */
import { RecordFeeder } from '../../src/capture/recordFeeder.ts';
import { decodeBatch } from '../../src/codec/decodeBatch.ts';
import { rowsOf } from '../../src/codec/rowsOf.ts';
import type { FilterNode } from '../../src/probe/plan.ts';
import { median } from './median.ts';
import { makeRecords, recordColumns as columns } from './records.ts';

const count = 16384;

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
  const { bytes, ends } = makeRecords(count, names);
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
const { bytes, ends } = makeRecords(count, 1000);
measure('refuse by a comparison and a prefix', () => {
  refuser.pushAll(bytes, ends);
  refuser.takeFlush();
});
