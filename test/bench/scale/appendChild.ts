// The rows of agents' frames put into a DuckDB file as others would: value by value, or as whole vectors with nothing
// around them. Its only argument is AppendSettings as JSON; it prints AppendResult.
import {
  DOUBLE,
  BIGINT,
  BLOB,
  BOOLEAN,
  DuckDBInstance,
  DuckDBTimestampNanosecondsValue,
  TIMESTAMP_NS,
  UBIGINT,
  UINTEGER,
  USMALLINT,
  VARCHAR,
  type DuckDBConnection,
} from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { appendRows, type ColumnWriter } from '../../../src/aggregator/store/appendRows.ts';
import type { SqlType } from '../../../src/aggregator/store/layout.ts';
import { decodeBatch, type Batch, type NumberArray } from '../../../src/codec/decodeBatch.ts';
import { recordColumns } from '../records.ts';
import { encodeFrames } from './encodeFrames.ts';

export interface AppendSettings {
  path: string;
  how: 'rows' | 'vectors';
  frames: number;
  rowsPerFrame: number;
  names: number;
}

export interface AppendResult {
  rows: number;
  seconds: number;
}

/** Columns of a table: what a batch has, each number under its own type, strings as codes. */
const table: readonly { field: number; type: SqlType }[] = [
  { field: 1, type: 'TIMESTAMP_NS' },
  ...[2, 3, 4, 5, 6, 7].map((field) => ({ field, type: 'UINTEGER' as const })),
  { field: 8, type: 'USMALLINT' },
  { field: 10, type: 'UBIGINT' },
  { field: 16, type: 'BIGINT' },
  { field: 17, type: 'BIGINT' },
  { field: 18, type: 'UINTEGER' },
  { field: 19, type: 'UINTEGER' },
];

const duckTypes = { TIMESTAMP_NS, BIGINT, UBIGINT, DOUBLE, UINTEGER, USMALLINT, BOOLEAN, VARCHAR, BLOB };
const commitRows = 250_000;

const { path, how, ...frameOptions } = JSON.parse(process.argv[2] ?? '') as AppendSettings;
const batches = encodeFrames({ ...frameOptions, agent: 0 }).flatMap(({ batches: encoded }) => encoded);
const types = recordColumns.map(({ type }) => type);

const instance = await DuckDBInstance.create(path, { checkpoint_threshold: '1TB' });
const connection = await instance.connect();
const definitions = table.map(({ field, type }) => `c${field} ${type}`).join(', ');
await connection.run(`CREATE TABLE e (${definitions})`);

const started = performance.now();
let rows = 0;
let open = 0;
await connection.run('BEGIN');
for (const bytes of batches) {
  const batch = decodeBatch(bytes, types);
  if (how === 'vectors') await appendVectors(connection, batch);
  else await appendValues(connection, batch);
  rows += batch.rows;
  open += batch.rows;
  if (open < commitRows) continue;
  await connection.run('COMMIT');
  await connection.run('BEGIN');
  open = 0;
}
await connection.run('COMMIT');
const result: AppendResult = { rows, seconds: (performance.now() - started) / 1000 };
console.log(JSON.stringify(result));
connection.closeSync();
instance.closeSync();

/** Values by row of each column of the table; codes are widened, since a column has one width. */
function valuesOf(batch: Batch): NumberArray[] {
  return table.map(({ field, type }) => {
    const column = batch.columns.get(field);
    if (column === undefined) {
      return type === 'USMALLINT' ? new Uint16Array(batch.rows) : new Uint32Array(batch.rows);
    }
    return 'values' in column ? column.values : Uint32Array.from(column.codes);
  });
}

async function appendVectors(to: DuckDBConnection, batch: Batch): Promise<void> {
  const writers = valuesOf(batch).map((values, index): ColumnWriter => {
    const width = values.BYTES_PER_ELEMENT;
    return {
      sqlType: table[index]?.type ?? 'UINTEGER',
      write: (vector, from, count) => {
        const start = values.byteOffset + from * width;
        duckdb.copy_data_to_vector(vector, 0, values.buffer as ArrayBuffer, start, count * width);
      },
    };
  });
  await appendRows(to, 'main', 'e', writers, batch.rows);
}

async function appendValues(to: DuckDBConnection, batch: Batch): Promise<void> {
  const columns = valuesOf(batch).map((values, index) => {
    const type = table[index]?.type ?? 'UINTEGER';
    return { values, type: duckTypes[type], isTime: type === 'TIMESTAMP_NS' };
  });
  const appender = await to.createAppender('e');
  for (let row = 0; row < batch.rows; row++) {
    for (const { values, type, isTime } of columns) {
      const value = values[row] ?? 0;
      appender.appendValue(isTime ? new DuckDBTimestampNanosecondsValue(value as bigint) : value, type);
    }
    appender.endRow();
  }
  appender.closeSync();
}
