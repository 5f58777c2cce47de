import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, jest } from '@jest/globals';
import { FrameError } from './frame.ts';
import { Store, type StoreOptions } from './store.ts';
import { describe, frameOf } from './testing/frames.ts';

// Commits wait for a disk that others may use too.
jest.setTimeout(60_000);

let directory = '';
let store: Store;

async function open(changes: Partial<StoreOptions> = {}): Promise<Store> {
  const path = join(directory, 'store.duckdb');
  return (store = await Store.open({
    path,
    threads: 1,
    memoryLimit: 2 ** 28,
    commitMs: 5,
    diskReserve: 0,
    ...changes,
  }));
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-store-'));
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

test('what is added is read, in a thread of its own', async () => {
  await open();
  expect(await store.add(frameOf(1, [{ first: 0, rows: 5000 }]))).toEqual([
    { rows: 5000, firstRow: 0, stored: 5000 },
  ]);
  await using reader = await store.openReader();
  expect(
    await reader.rows(
      'SELECT time, n, path, k8s, NULL AS nothing, 1.5 AS d, true AS t FROM events.opens WHERE n = $1',
      [7n],
    ),
  ).toEqual([
    {
      ...{ time: 1_700_000_000_000_000_007n, n: 7n, path: '/tmp/7', nothing: null, d: '1.5', t: true },
      k8s: "{'namespace': 'shop', 'pod': 'web-0', 'container': 'nginx', 'pod_uid': 'pod-1'}",
    },
  ]);
  const { columns, chunks } = await reader.read('SELECT n, path FROM events.opens ORDER BY n');
  expect(columns).toEqual([
    { name: 'n', type: 'Int64', sqlType: 'BIGINT' },
    { name: 'path', type: 'String', sqlType: 'VARCHAR' },
  ]);
  let rows = 0;
  for await (const chunk of chunks) rows += chunk.rows;
  expect(rows).toBe(5000);
});

test('a reader sees what was there when it was opened', async () => {
  await open();
  await store.add(frameOf(1, [{ first: 0, rows: 5 }]));
  await using before = await store.openReader();
  await store.add(frameOf(2, [{ first: 5, rows: 5 }]));
  await using after = await store.openReader();
  expect(await before.rows('SELECT count(*) AS count FROM events.opens')).toEqual([{ count: 5n }]);
  expect(await after.rows('SELECT count(*) AS count FROM events.opens')).toEqual([{ count: 10n }]);
});

test('a statement that runs can be interrupted', async () => {
  await open();
  await using reader = await store.openReader();
  const endless = reader.rows('SELECT count(*) AS count FROM range(100_000_000) a, range(100_000_000) b');
  reader.interrupt();
  await expect(endless).rejects.toMatchObject({ failure: 'interrupted' });
});

test('a reader cannot write, nor leave the file', async () => {
  await open();
  for (const sql of [
    'CREATE TABLE x (i INT)',
    "COPY (SELECT 1) TO '/tmp/traceprobe-x'",
    "SELECT * FROM read_text('/etc/passwd')",
    "ATTACH '/tmp/x.duckdb'",
    'SET memory_limit = 1',
  ]) {
    await using reader = await store.openReader();
    await expect(reader.rows(sql)).rejects.toThrow(/read-only|disabled|locked/i);
  }
});

test('a store that is closed ends the statements of its readers', async () => {
  await open();
  const reader = await store.openReader();
  const endless = reader.rows('SELECT count(*) AS count FROM range(100_000_000) a, range(100_000_000) b');
  const ended = expect(endless).rejects.toMatchObject({ failure: 'interrupted' });
  await store.close();
  await ended;
});

test('a file is open once', async () => {
  await open();
  await expect(Store.open({ path: store.path })).rejects.toMatchObject({ failure: 'locked' });
  expect(await store.add(frameOf(1, [{ first: 0, rows: 1 }]))).toHaveLength(1);
});

test('a file that is called like a schema in it is refused, and what to do is said', async () => {
  for (const name of ['events.duckdb', 'META.db']) {
    const path = join(directory, name);
    await expect(Store.open({ path })).rejects.toThrow(`${path} cannot be a store: a file may not be called`);
  }
});

test('what the store refuses because of a frame is told from what it cannot do', async () => {
  await open();
  await expect(store.add(frameOf(1, [], { batches: [Buffer.from('x')] }))).rejects.toBeInstanceOf(FrameError);
  await store.close();
  await expect(store.add(frameOf(1, []))).rejects.toMatchObject({ failure: 'closed' });
  await expect(store.openReader()).rejects.toMatchObject({ failure: 'closed' });
  await store.close();
});

test('what was added before it was closed is stored', async () => {
  await open({ commitMs: 60_000 });
  const added = store.add(frameOf(1, [{ first: 0, rows: 5 }]));
  await store.close();
  expect(await added).toEqual([{ rows: 5, firstRow: 0, stored: 5 }]);
});

test('a backup is a store, of the moment it was asked for', async () => {
  await open({ walBytes: 1 });
  await store.add(frameOf(1, [{ first: 0, rows: 5000 }]));
  const path = join(directory, 'copy.duckdb');
  const copied = store.backup(path);
  for (let i = 1; i < 20; i++) await store.add(frameOf(i + 1, [{ first: 5000 * i, rows: 5000 }]));
  await copied;
  await store.close();
  await open({ path });
  await using reader = await store.openReader();
  const [row] = await reader.rows('SELECT count(*) AS count, max(n) + 1 AS next FROM events.opens');
  expect(row?.['count']).toEqual(row?.['next']);
  expect(Number(row?.['count']) % 5000).toBe(0);
});

test("slices beyond a probe's bytes go, the newest stay, and what was stored stays counted", async () => {
  await open();
  const point = describe({ maxBytes: 3 * 2 ** 20 });
  const path = (number: number): string => `/some/directory/${number}/${Math.sin(number)}`;
  for (let i = 0; i < 15; i++) {
    await store.add(frameOf(i + 1, [{ first: 4000 * i, rows: 4000, point, path }]));
    if (i % 2 === 0) {
      await store.checkpoint();
      await store.retain();
    }
  }
  await using reader = await store.openReader();
  const [row] = await reader.rows(
    'SELECT min(n) AS first, max(n) AS last, count(*) AS count FROM events.opens',
  );
  expect(row).toMatchObject({ last: 59_999n });
  expect(row?.['first']).toBeGreaterThan(0n);
  expect(row?.['count']).toBe(60_000n - (row?.['first'] as bigint));
  expect(await store.loss()).toMatchObject([{ stored: 60_000n, missing: 0n }]);
});

test('the events of a deleted probe go after its grace', async () => {
  await open({ deletedGraceMs: 0 });
  await store.add(frameOf(1, [{ first: 0, rows: 5 }]));
  await store.setProbes([]);
  await store.retain();
  await using reader = await store.openReader();
  expect(await reader.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'data'")).toEqual([]);
  expect(await reader.rows('SELECT view_name FROM meta.views')).toEqual([]);
  expect(await reader.rows('SELECT uid FROM meta.probes')).toEqual([]);
});
