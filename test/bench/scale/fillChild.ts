// A store with many rows: a frame of an agent goes in as always, and DuckDB multiplies what it has become. Its only
// argument is FillSettings as JSON; it prints FillResult.
import { statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { Store } from '../../../src/aggregator/store/store.ts';
import { toStoreFrame } from '../../../src/aggregator/ingest/toStoreFrame.ts';
import { encodeFrames } from './encodeFrames.ts';

export interface FillSettings {
  path: string;
  rows: number;
  /** It stops, with what there is, when this is over. */
  seconds: number;
}

export interface FillResult {
  rows: number;
  columns: number;
  /** Of the file. */
  bytes: number;
  seconds: number;
}

/** Rows of one INSERT. */
const stepRows = 4_000_000;
const baseRows = 16_384;
const nanosecondsApart = 2000;

const { path, rows, seconds } = JSON.parse(process.argv[2] ?? '') as FillSettings;
const started = performance.now();
{
  await using store = await Store.open({ path });
  const node = { nodeUid: 'uid-of-node-1', nodeName: 'node-1' };
  const names = 1000;
  for (const frame of encodeFrames({ agent: 0, frames: 1, rowsPerFrame: baseRows, names })) {
    await store.add(toStoreFrame(frame, node, 1));
  }
}

const instance = await DuckDBInstance.create(path, { checkpoint_threshold: '1TB' });
const connection = await instance.connect();
const tables = await connection.runAndReadAll(
  "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'e!_%' ESCAPE '!'",
);
const table = `data."${tables.getRowsJS()[0]?.[0] as string}"`;
// In an order without order, so that no column is packed better than events of a node are.
await connection.run(
  `CREATE TEMP TABLE base AS SELECT row_number() OVER (ORDER BY hash(sequence)) - 1 AS number, e.* FROM ${table} e`,
);
let filled = baseRows;
while (filled < rows && performance.now() - started < seconds * 1000) {
  const copies = Math.ceil(Math.min(stepRows, rows - filled) / baseRows);
  await connection.run(
    `INSERT INTO ${table} SELECT make_timestamp_ns(epoch_ns(time) + (${filled} + c * ${baseRows} + number) * ${nanosecondsApart}),
       source, (${filled} + c * ${baseRows} + number)::UBIGINT, base.* EXCLUDE (number, time, source, sequence)
     FROM range(${copies}) r(c), base`,
  );
  await connection.run('CHECKPOINT');
  filled += copies * baseRows;
}
const described = await connection.runAndReadAll(`SELECT count(*) FROM (DESCRIBE ${table})`);
const columns = Number(described.getRowsJS()[0]?.[0]);
connection.closeSync();
instance.closeSync();
const result: FillResult = {
  ...{ rows: filled, columns, bytes: statSync(path).size },
  seconds: (performance.now() - started) / 1000,
};
console.log(JSON.stringify(result));
