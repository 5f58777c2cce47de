import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeBatch, decodeHead } from '../codec/decodeBatch.ts';
import { rowsOf, type Row } from '../codec/rowsOf.ts';
import type { FilterNode } from '../probe/plan.ts';
import type { Flush } from './capture.ts';
import { damaged, recordArbitrary, schemaArbitrary } from './recordArbitrary.ts';
import { RecordFeeder } from './recordFeeder.ts';
import type { RecordSchema } from './recordSchema.ts';
import { decodeReferenceRecord } from './referenceRecord.ts';

const epoch = Buffer.from('0123456789abcdef');
const bootToWall = 1_795_260_514_012_345_678n;

function feeder(schema: RecordSchema, maxBatchBytes?: number): RecordFeeder {
  const made = new RecordFeeder(epoch, maxBatchBytes, 'node-1');
  made.addSchema(schema);
  return made;
}

function rows({ batches }: Flush, { columns }: RecordSchema): Row[] {
  return batches.flatMap(({ bytes }) => {
    const batch = decodeBatch(
      bytes,
      columns.map(({ type }) => type),
    );
    return [
      ...rowsOf(
        batch,
        columns.map(({ type, visible }, i) => ({ name: `f${i}`, type, visible })),
      ),
    ];
  });
}

const schemaAndRecords = schemaArbitrary.chain((schema) =>
  fc.record({
    schema: fc.constant(schema),
    records: fc.array(
      fc.oneof({ weight: 4, arbitrary: recordArbitrary(schema) }, damaged(recordArbitrary(schema))),
    ),
    maxBatchBytes: fc.constantFrom(1, 400, undefined),
  }),
);

test('what comes out of batches is what a plain decoder reads from the records', () => {
  fc.assert(
    fc.property(schemaAndRecords, ({ schema, records, maxBatchBytes }) => {
      const made = feeder(schema, maxBatchBytes);
      for (const record of records) made.push(record, { bootToWall });
      const flush = made.takeFlush();
      const expected = records.flatMap((record) => decodeReferenceRecord(schema, record, bootToWall) ?? []);
      expect(rows(flush, schema)).toEqual(expected.map((row, i) => ({ ...row, sequence: BigInt(i) })));
      const sum = (counter: 'rows' | 'malformed'): number =>
        flush.counts.reduce((total, counts) => total + counts[counter], 0);
      expect(sum('rows')).toBe(expected.length);
      expect(sum('malformed')).toBe(records.length - expected.length);
    }),
    { numRuns: 300 },
  );
});

const number: RecordSchema = {
  slot: 5,
  schema: 9,
  gate: 2,
  probeUid: 'probe',
  generation: 9n,
  point: 1,
  columns: [{ type: 'Int64', kind: 'integer', wordIndex: 0, faultBit: 0, visible: true }],
  filter: [],
};

/** A record of `number`, or of another schema with one word. */
function numberRecord(value: bigint, { slot = 5, schema = 9, faults = 0 } = {}): Buffer {
  const record = Buffer.alloc(72);
  record.writeUInt16LE(slot, 0);
  record.writeUInt16LE(schema, 2);
  record.writeUInt32LE(faults, 4);
  record.writeUInt32LE(4711, 16);
  record.writeBigInt64LE(value, 64);
  return record;
}

test('a batch says whose it is', () => {
  const made = feeder(number);
  made.push(numberRecord(1n), { times: 3 });
  const [batch] = made.takeFlush().batches;
  expect(batch).toMatchObject({ slot: 5, schema: 9, rows: 3 });
  expect(decodeHead(batch?.bytes ?? Buffer.alloc(0))).toEqual({
    probeUid: 'probe',
    generation: 9n,
    epoch,
    firstSequence: 0n,
    rows: 3,
    schema: 1,
    filtered: 0n,
    loss: { spool: 0n, gap: 0n, backlog: 0n, malformed: 0n },
  });
});

test('equal values of a column cost no bytes a row', () => {
  const size = (times: number): number => {
    const made = feeder(number);
    made.push(numberRecord(-5n), { times });
    return made.takeFlush().bytes;
  };
  expect(size(10_000) - size(200)).toBeLessThan(4);
});

test('a batch is closed when it is full, and sequences go on in the next', () => {
  const made = feeder(number);
  made.push(numberRecord(7n), { times: 40_000 });
  const heads = made.takeFlush().batches.map(({ bytes }) => decodeHead(bytes));
  expect(heads.map((head) => head.rows)).toEqual([16384, 16384, 7232]);
  expect(heads.map((head) => head.firstSequence)).toEqual([0n, 16384n, 32768n]);
});

test('a probe that comes back goes on with its numbers, unless it ended thousands of probes ago', () => {
  const running = { ...number, slot: 4, probeUid: 'running' };
  const made = feeder(running);
  const firstSequenceOf = (schema: RecordSchema): bigint | undefined => {
    made.push(numberRecord(1n, schema));
    const [batch] = made.takeFlush().batches;
    return batch && decodeHead(batch.bytes).firstSequence;
  };
  const comeAndGo = (probeUid: string): bigint | undefined => {
    made.addSchema({ ...number, probeUid });
    const first = firstSequenceOf(number);
    made.removeSchema(number.slot, number.schema);
    return first;
  };
  expect([firstSequenceOf(running), comeAndGo('old')]).toEqual([0n, 0n]);
  for (let other = 0; other < 100; other++) comeAndGo(`other-${other}`);
  expect(comeAndGo('old')).toBe(1n);
  for (let other = 0; other < 5000; other++) comeAndGo(`other-${other}`);
  expect([firstSequenceOf(running), comeAndGo('old')]).toEqual([1n, 0n]);
});

test('sequences are numbered by probe, over its points and generations', () => {
  const made = feeder(number);
  made.addSchema({ ...number, slot: 6, point: 2 });
  made.addSchema({ ...number, slot: 7, probeUid: 'another' });
  made.push(numberRecord(1n), { times: 2 });
  made.push(numberRecord(1n, { slot: 6 }), { times: 3 });
  made.push(numberRecord(1n, { slot: 7 }), { times: 4 });
  const first = made.takeFlush().batches.map(({ bytes }) => decodeHead(bytes));
  const ranges = (uid: string): [bigint, number][] =>
    first
      .filter(({ probeUid }) => probeUid === uid)
      .map(({ firstSequence, rows }): [bigint, number] => [firstSequence, rows])
      .sort(([a], [b]) => Number(a - b));
  expect(ranges('another')).toEqual([[0n, 4]]);
  const [before, after] = ranges('probe');
  expect(before?.[0]).toBe(0n);
  expect(after?.[0]).toBe(BigInt(before?.[1] ?? -1));
  made.removeSchema(5, 9);
  made.addSchema({ ...number, schema: 10, generation: 10n });
  made.push(numberRecord(1n, { schema: 10 }));
  const next = made.takeFlush().batches.map(({ bytes }) => decodeHead(bytes));
  expect(next).toMatchObject([{ firstSequence: 5n, generation: 10n }]);
});

test('two generations of a slot are told apart by their schema', () => {
  const made = feeder(number);
  made.addSchema({ ...number, schema: 10, generation: 10n });
  for (const schema of [9, 10, 9]) made.push(numberRecord(1n, { schema }));
  const flush = made.takeFlush();
  expect(flush.counts.map(({ schema, rows }) => [schema, rows]).sort()).toEqual([
    [10, 1],
    [9, 2],
  ]);
});

test('a record that nobody waits for is counted under what it says it is', () => {
  const made = feeder(number);
  made.push(numberRecord(1n, { slot: 6 }), { times: 2 });
  made.push(numberRecord(1n, { schema: 8 }));
  made.push(numberRecord(1n, { slot: 65535 }));
  made.push(Buffer.alloc(0));
  const { batches, counts } = made.takeFlush();
  expect(batches).toEqual([]);
  expect(counts.map(({ slot, schema, unknown }) => [slot, schema, unknown]).sort()).toEqual([
    [5, 8, 1],
    [6, 9, 2],
    [65535, 65535, 1],
    [65535, 9, 1],
  ]);
});

test('a schema that is removed leaves its rows in the next flush', () => {
  const made = feeder(number);
  made.push(numberRecord(3n));
  made.removeSchema(5, 9);
  made.push(numberRecord(4n));
  const flush = made.takeFlush();
  expect(rows(flush, number).map(({ fields }) => fields)).toEqual([{ f0: 3 }]);
  expect(flush.counts).toMatchObject([{ rows: 1 }, { unknown: 1 }]);
});

test('what the filter refuses is counted in the batch', () => {
  const filter: FilterNode[] = [
    { op: 'column', index: 0 },
    { op: 'integer', value: 10n },
    { op: 'gt' },
    { op: 'builtin', name: 'node' },
    { op: 'string', value: Buffer.from('node-1') },
    { op: 'eq' },
    { op: 'and' },
  ];
  const made = feeder({ ...number, filter });
  for (const value of [9n, 10n, 11n, -1n, 12n]) made.push(numberRecord(value));
  made.push(numberRecord(99n, { faults: 1 }));
  const flush = made.takeFlush();
  expect(rows(flush, number).map(({ fields }) => fields['f0'])).toEqual([11, 12]);
  expect(flush.counts).toMatchObject([{ rows: 2, filtered: 4 }]);
  expect(decodeHead(flush.batches[0]?.bytes ?? Buffer.alloc(0)).filtered).toBe(4n);
});

test('a batch without rows still says what was filtered', () => {
  const made = feeder({ ...number, filter: [{ op: 'bool', value: false }] });
  made.push(numberRecord(1n), { times: 1000 });
  const { batches, counts } = made.takeFlush();
  expect(batches.map(({ bytes }) => decodeHead(bytes))).toMatchObject([{ rows: 0, filtered: 1000n }]);
  expect(counts).toMatchObject([{ rows: 0, filtered: 1000 }]);
});

test('with a backlog rows are dropped and counted, and filtered ones still as filtered', () => {
  const made = feeder({
    ...number,
    filter: [{ op: 'column', index: 0 }, { op: 'integer', value: 0n }, { op: 'gt' }],
  });
  made.push(numberRecord(1n));
  made.push(numberRecord(1n), { backlogged: true, times: 5 });
  made.push(numberRecord(-1n), { backlogged: true, times: 2 });
  made.push(numberRecord(2n));
  const flush = made.takeFlush();
  expect(flush.counts).toMatchObject([{ rows: 2, filtered: 2, backlog: 5 }]);
  const head = decodeHead(flush.batches[0]?.bytes ?? Buffer.alloc(0));
  expect(head).toMatchObject({ rows: 2, loss: { backlog: 5n } });
});

test('a schema that cannot be is refused by the name of what is wrong', () => {
  const made = new RecordFeeder(epoch);
  const column = { type: 'Int64', kind: 'integer', wordIndex: 0, faultBit: 0, visible: true } as const;
  expect(() => {
    made.addSchema({ ...number, slot: 1024 });
  }).toThrow('RecordFeeder.addSchema: schema.slot must be below 1024, not 1024');
  expect(() => {
    made.addSchema({ ...number, columns: [{ ...column, kind: 'string' }] });
  }).toThrow("schema.columns[0]: a column of type Int64 cannot be recorded as 'string'");
  expect(() => {
    made.addSchema({ ...number, columns: [{ ...column, wordIndex: 24 }] });
  }).toThrow('schema.columns[0].wordIndex must be below 24');
  expect(() => {
    made.addSchema({ ...number, filter: [{ op: 'column', index: 1 }] });
  }).toThrow('schema.filter asks for column 1 of 1');
  made.addSchema(number);
  expect(() => {
    made.addSchema(number);
  }).toThrow('slot 5 already has schema 9');
});
