import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { StoreEngine, type EngineOptions } from './storeEngine.ts';
import { batchOf, describe, engineOptions, epoch, frameOf } from './testing/frames.ts';

const silent = { committed: () => {}, failing: () => {}, dropped: () => {}, measured: () => {} };

let directory = '';
let engine: StoreEngine;

async function open(changes: Partial<EngineOptions> = {}): Promise<StoreEngine> {
  return (engine = await StoreEngine.open(engineOptions(join(directory, 'store.duckdb'), changes), silent));
}

async function rows(sql: string): Promise<unknown[][]> {
  const connection = await engine.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJS();
  } finally {
    connection.closeSync();
  }
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-store-'));
  await open();
});

afterEach(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

test('events are in the view of their point, spelt as in filters', async () => {
  await engine.add(frameOf(1, [{ first: 0, rows: 3 }])).committed;
  const found = await rows(
    `SELECT time::VARCHAR, node, pid, comm, context, k8s.namespace, k8s.pod, n, path, sequence FROM events.opens ORDER BY n`,
  );
  expect(found[1]).toEqual([
    ...['2023-11-14 22:13:20.000000001', 'worker', 42, 'cat', null, 'shop', 'web-0', 1n, '/tmp/1', 1n],
  ]);
  expect(await rows('SELECT count(*) FROM events."opens/open"')).toEqual([[3n]]);
});

test('frames that come twice, late or cut differently are stored once', async () => {
  const frames = [
    frameOf(1, [{ first: 0, rows: 10, filtered: 5 }]),
    frameOf(3, [{ first: 25, rows: 5 }]),
    frameOf(1, [{ first: 0, rows: 10, filtered: 5 }]),
    frameOf(2, [{ first: 10, rows: 15, filtered: 2 }]),
    frameOf(2, [{ first: 10, rows: 15, filtered: 2 }]),
    frameOf(4, [{ first: 20, rows: 20 }]),
  ];
  for (const frame of frames) await engine.add(frame).committed;
  expect(await rows('SELECT count(*), count(DISTINCT n), sum(n) FROM events.opens')).toEqual([
    [40n, 40n, 780n],
  ]);
  expect(engine.loss()).toMatchObject([{ stored: 40n, missing: 0n, filteredNatively: 7n }]);
  expect(await rows('FROM meta.gaps')).toEqual([]);
});

test('what did not come is a gap, also after the store was opened anew', async () => {
  await engine.add(frameOf(1, [{ first: 0, rows: 10 }])).committed;
  await engine.add(frameOf(3, [{ first: 30, rows: 10 }])).committed;
  await engine.close();
  await open();
  expect(
    await rows(
      'SELECT "first", "last" FROM meta.gaps g JOIN meta.sources s ON s.id = g.source WHERE probe_uid <> \'\'',
    ),
  ).toEqual([[10n, 29n]]);
  expect(engine.loss()).toMatchObject([{ stored: 20n, missing: 20n, lost: { gap: 20n } }]);
  expect(engine.add(frameOf(3, [{ first: 30, rows: 10 }])).stored).toEqual([
    { rows: 10, firstRow: 10, stored: 0 },
  ]);
  await engine.add(frameOf(2, [{ first: 10, rows: 20 }])).committed;
  expect(engine.loss()).toMatchObject([{ stored: 40n, missing: 0n, lost: {} }]);
  expect(await rows('SELECT count(DISTINCT n) FROM events.opens')).toEqual([[40n]]);
});

test('a frame with a bad batch is refused whole, in words', async () => {
  const point = describe();
  expect(() =>
    engine.add({
      ...frameOf(1, [{ first: 0, rows: 1, point }]),
      batches: [batchOf({ first: 0, rows: 1 }), Buffer.from('garbage')],
    }),
  ).toThrow(/^batch 1 of 2: not an event batch/);
  expect(() => engine.add({ ...frameOf(1, [{ first: 0, rows: 1 }]), schemas: [], stream: 2 })).toThrow(
    "batch 0 of 1: no schema came before it for point 0 of probe 'uid-1', generation 1",
  );
  expect(() => engine.add(frameOf(1, [], { schemas: [describe({ probeUid: "x'; DROP" })] }))).toThrow(
    /is no UID/,
  );
  await engine.commit();
  expect(engine.loss()).toEqual([]);
});

test('a column in which most strings are new becomes text, and reads the same', async () => {
  const path = (number: number): string => `/new/${number}`;
  await engine.add(frameOf(1, [{ first: 0, rows: 20_000, path }])).committed;
  await engine.add(frameOf(2, [{ first: 20_000, rows: 10, path }])).committed;
  const tables = await rows(
    "SELECT json_extract_string(columns, '$[1].kind') FROM meta.tables ORDER BY ordinal",
  );
  expect(tables).toEqual([['code'], ['text']]);
  expect(await rows('SELECT count(*), count(DISTINCT path) FROM events.opens')).toEqual([[20_010n, 20_010n]]);
});

test('generations with other columns lie beside each other', async () => {
  await engine.add(frameOf(1, [{ first: 0, rows: 2 }])).committed;
  const columns = [
    { name: 'state', type: 'Int64' as const, visible: true, enumNames: { '2': 'CLOSED', '-1': "O'PEN" } },
    { name: 'hidden', type: 'Path' as const, visible: false, enumNames: {} },
  ];
  const point = describe({ generation: 2n, columns });
  await engine.add(frameOf(2, [{ first: 2, rows: 1, point }])).committed;
  expect(await rows('SELECT n, path, state, state_name FROM events.opens ORDER BY sequence')).toEqual([
    [0n, '/tmp/0', null, null],
    [1n, '/tmp/1', null, null],
    [null, null, 2n, 'CLOSED'],
  ]);
});

test('a probe of the same name inherits nothing', async () => {
  await engine.add(frameOf(1, [{ first: 0, rows: 2 }])).committed;
  const point = describe({ probeUid: 'uid-2' });
  await engine.add(frameOf(2, [{ first: 0, rows: 1, point }])).committed;
  expect(await rows('SELECT count(*) FROM events.opens')).toEqual([[1n]]);
  expect(await rows('SELECT probe_uid FROM meta.views')).toEqual([['uid-2'], ['uid-2']]);
});

test('the account of an agent that was killed is exact', async () => {
  const account = {
    ...{ attempted: 100n, filteredInKernel: 20n, captured: 70n, open: 0n, filteredNatively: 0n },
    ...{ lost: { ring: 10n }, missed: undefined, delivered: 0n, final: true, killed: true },
    ...{ unknownSince: 0n, unattributed: 0n },
  };
  const before = [
    { epoch, probeUid: 'uid-1', account: { ...account, killed: false, final: false, unattributed: 4n } },
  ];
  await engine.add(frameOf(1, [{ first: 0, rows: 40, filtered: 10 }], { accounts: before })).committed;
  const accounts = [{ epoch, probeUid: 'uid-1', account }];
  await engine.add(frameOf(1, [], { epoch: '0304', accounts })).committed;
  await engine.close();
  await open();
  const [loss] = engine.loss('uid-1');
  expect(loss).toMatchObject({
    state: 'killed',
    stored: 40n,
    filteredNatively: 10n,
    lost: { ring: 10n, killed: 20n },
    // It had said so itself; the kernel does not count them.
    unattributed: 4n,
  });
});

test('a final account says what never came', async () => {
  const account = {
    ...{ attempted: 100n, filteredInKernel: 20n, captured: 80n, open: 0n, filteredNatively: 10n },
    ...{ lost: { spool: 20n }, missed: 3n, delivered: 70n, final: true, killed: false },
    ...{ unknownSince: 0n, unattributed: 7n },
  };
  const accounts = [{ epoch, probeUid: 'uid-1', account }];
  await engine.add(frameOf(1, [{ first: 0, rows: 40, filtered: 10 }], { accounts })).committed;
  expect(engine.loss()).toMatchObject([
    {
      ...{ state: 'ended', stored: 40n, missing: 30n, inFlight: 0n, missed: 3n },
      ...{ lost: { spool: 20n, gap: 10n }, unattributed: 7n },
    },
  ]);
});

test('an account that was stored before unattributed events were counted is read', async () => {
  const account = {
    ...{ attempted: 1n, filteredInKernel: 0n, captured: 1n, open: 0n, filteredNatively: 0n, lost: {} },
    ...{ missed: 3n, delivered: 1n, final: true, killed: false, unknownSince: 0n, unattributed: 7n },
  };
  const accounts = [{ epoch, probeUid: 'uid-1', account }];
  await engine.add(frameOf(1, [{ first: 0, rows: 1 }], { accounts })).committed;
  await rows(`UPDATE meta.accounts_1 SET account = replace(account, ',"unattributed":"7n"', '')`);
  await engine.close();
  await open();
  expect(engine.loss()).toMatchObject([{ missed: 3n, unattributed: 0n }]);
});
