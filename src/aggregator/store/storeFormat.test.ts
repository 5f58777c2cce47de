import { expect, jest, test } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { frameOf } from './testing/frames.ts';
import { TempEngine } from './testing/tempEngine.ts';

// Commits wait for a disk that others may use too.
jest.setTimeout(60_000);

async function runOn(path: string, ...statements: string[]): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  let rows: unknown[][] = [];
  for (const sql of statements) rows = (await connection.runAndReadAll(sql)).getRowsJS();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

test('a store that was made before there was a mark is given it, and goes on', async () => {
  await using temp = await TempEngine.open();
  await temp.engine.add(frameOf(1, [{ first: 0, rows: 3 }])).committed;
  await temp.engine.close();
  await runOn(temp.path, 'DROP TABLE meta.format');
  await temp.reopen();
  expect(await temp.run('FROM meta.format')).toEqual([['traceprobe', 1]]);
  expect(await temp.run('SELECT count(*) FROM events.opens')).toEqual([[3n]]);
  await temp.reopen();
  expect(await temp.run('FROM meta.format')).toEqual([['traceprobe', 1]]);
});

test.each([
  ['CREATE TABLE people (name VARCHAR)', 'it has a table main.people'],
  ['CREATE VIEW people AS SELECT 1', 'it has a table main.people'],
  ['CREATE SCHEMA meta; CREATE TABLE meta.probes (i INT); CREATE TABLE meta.other (i INT)', 'meta.other'],
  ["CREATE SCHEMA meta; CREATE TABLE meta.format AS SELECT 'other', 1", 'its mark says "other"'],
])("somebody else's file is refused and left as it is: %s", async (made, because) => {
  await using temp = new TempEngine();
  await runOn(temp.path, made);
  await expect(temp.reopen()).rejects.toThrow(/is a DuckDB file, but no store of traceprobe/);
  await expect(temp.reopen()).rejects.toThrow(because);
  expect(await runOn(temp.path, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'sources'")).toEqual(
    [[0n]],
  );
});

test('a store of a newer traceprobe is refused, and what to do is said', async () => {
  await using temp = await TempEngine.open();
  await temp.engine.close();
  await runOn(temp.path, 'UPDATE meta.format SET version = 9');
  await expect(temp.reopen()).rejects.toThrow(
    `${temp.path} is a store of format 9, made by a newer traceprobe; this one knows formats up to 1`,
  );
});
