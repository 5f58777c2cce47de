import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { recordArbitrary, schemaArbitrary } from '../../capture/recordArbitrary.ts';
import { RecordFeeder } from '../../capture/recordFeeder.ts';
import { decodeBatch } from '../../codec/decodeBatch.ts';
import { rowsOf, type RowValue } from '../../codec/rowsOf.ts';
import { storedColumns, type DescribedColumn } from './layout.ts';
import { StoreEngine } from './storeEngine.ts';
import { engineOptions, frameOf } from './testing/frames.ts';

const silent = { committed: () => {}, failing: () => {}, dropped: () => {}, measured: () => {} };

const captured = schemaArbitrary.chain((schema) =>
  fc.record({
    schema: fc.constant(schema),
    records: fc.array(recordArbitrary(schema), { minLength: 1, maxLength: 30 }),
  }),
);

/** A value as SQL's results have it: whole numbers are bigints, bytes are hexadecimal. */
function asStored(value: RowValue, type: string): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex').toUpperCase();
  return typeof value === 'number' && type !== 'Float64' ? BigInt(value) : value;
}

/** A Bytes column of which no value could be read has an empty dictionary. */
const nothingRead = {
  schema: {
    ...{ slot: 5, schema: 9, gate: 2, probeUid: 'probe', generation: 9n, point: 1, filter: [] },
    columns: [{ type: 'Bytes', kind: 'bytes', wordIndex: 0, faultBit: 0, visible: true } as const],
  },
  records: [Buffer.from('05000900010000000000000000000000'.padEnd(2 * 88, '0') + '5800000000000000', 'hex')],
};

test('whatever the native encoder writes comes out of the store as it went in', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'traceprobe-trip-'));
  const engine = await StoreEngine.open(
    engineOptions(join(directory, 'store.duckdb'), { commitMs: 1 }),
    silent,
  );
  const connection = await engine.connect();
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(captured, async ({ schema, records }) => {
        const probeUid = `uid-${++run}`;
        const feeder = new RecordFeeder(Buffer.from('epoch'));
        feeder.addSchema({ ...schema, probeUid });
        for (const record of records) feeder.push(record);
        const batches = feeder.takeFlush().batches.map(({ bytes }) => bytes);
        const columns = schema.columns.map(({ type, visible }, index): DescribedColumn => {
          return { name: `f${index}`, type, visible, enumNames: {} };
        });
        const { generation, point } = schema;
        const description = { probeUid, probeName: probeUid, generation, point, pointName: 'p', columns };
        const epoch = Buffer.from('epoch').toString('hex');
        const schemas = [{ ...description, maxAgeMs: 0, maxBytes: 0 }];
        await engine.add(frameOf(0, [], { epoch, schemas, batches })).committed;

        const stored = storedColumns(columns);
        const types = columns.map(({ type }) => type);
        const expected = batches.flatMap((bytes) =>
          [...rowsOf(decodeBatch(bytes, types), columns)].map((row) => [
            ...[row.time, row.sequence, row.cgroup],
            ...[row.pid, row.tid, row.ppid, row.uid, row.gid, row.truncated],
            ...[row.comm, row.context],
            ...stored.map(({ name, type }) => asStored(row.fields[name] ?? null, type)),
          ]),
        );
        const own = stored.map(({ name, type }) => (type === 'Bytes' ? `hex(${name})` : name));
        const reader = await connection.runAndReadAll(
          `SELECT ${['epoch_ns(time), sequence, cgroup, pid, tid, ppid, uid, gid, truncated, comm, context', ...own].join(', ')}
           FROM events."${probeUid}" ORDER BY sequence`,
        );
        expect(reader.getRowsJS()).toEqual(expected);
      }),
      { numRuns: 40, examples: [[nothingRead]] },
    );
  } finally {
    connection.closeSync();
    await engine.close();
    rmSync(directory, { recursive: true });
  }
}, 60_000);
