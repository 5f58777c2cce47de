import type { DuckDBConnection } from '@duckdb/node-api';
import { createMetadata } from './layout.ts';
import { StoreError } from './storeError.ts';

/** Of what layout.ts says. Goes up when an older traceprobe would misread what a newer one wrote. */
const version = 1;
const format = 'traceprobe';

/** Of stores that were made before there was a mark. */
const ownTable =
  /^(meta\.(probes|points|slices|tables|views|sources|gaps|progress_\d+|accounts_\d+)|data\.[edw]_[0-9a-z_]+)$/;

/**
 * Makes sure that a file is a store: one of a new file is made, one without a mark is given it.
 *
 * @param path of the file, for messages
 * @throws StoreError for a file of somebody else's, or of a newer traceprobe; then nothing in it was changed
 */
export async function openFormat(connection: DuckDBConnection, path: string): Promise<void> {
  const names = await namesOf(
    connection,
    `SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal
     UNION ALL SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal AND schema_name <> 'events'
     ORDER BY 1`,
  );
  if (names.includes('meta.format')) await checkMark(connection, path);
  else checkUnmarked(path, names);
  await connection.run('BEGIN TRANSACTION');
  for (const statement of createMetadata) await connection.run(statement);
  await connection.run(
    `INSERT INTO meta.format SELECT '${format}', ${version} WHERE NOT EXISTS (FROM meta.format)`,
  );
  await connection.run('COMMIT');
}

async function checkMark(connection: DuckDBConnection, path: string): Promise<void> {
  const reader = await connection.runAndReadAll('FROM meta.format');
  const [[name, found] = []] = reader.getRowsJS();
  if (name !== format) throw foreign(path, `its mark says ${JSON.stringify(name)}`);
  if (Number(found) <= version) return;
  throw new StoreError(
    'failed',
    `${path} is a store of format ${Number(found)}, made by a newer traceprobe; this one knows formats up to ` +
      `${version}: use the newer one`,
  );
}

function checkUnmarked(path: string, names: readonly string[]): void {
  const stranger = names.find((name) => !ownTable.test(name));
  if (stranger !== undefined) throw foreign(path, `it has a table ${stranger}`);
}

function foreign(path: string, because: string): StoreError {
  return new StoreError(
    'failed',
    `${path} is a DuckDB file, but no store of traceprobe (${because}): it is left as it is; name another file`,
  );
}

async function namesOf(connection: DuckDBConnection, sql: string): Promise<string[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRowsJS().map(([name]) => name as string);
}
