import { checkSql } from './checkSql.ts';
import { SqlRefusedError } from './sqlRefusedError.ts';

/** A statement of a reader, ready to be run. */
export interface PreparedSql {
  /** Every table is named with its schema: what has none is a name of WITH, or nothing. */
  sql: string;
  /** Names of the views that it looks at. */
  tables: Set<string>;
}

/** Longer statements are somebody's mistake, or malice. */
const maxBytes = 64 << 10;

/**
 * Checks a statement and completes the names of its tables. What comes out is checked again, as it is going to be run.
 *
 * @param tables that may be read: names of views in the schema `events`
 * @param serialize json_serialize_sql() of the DuckDB that is going to run it
 * @throws SqlRefusedError
 */
export async function prepareSql(
  sql: string,
  tables: readonly string[],
  serialize: (sql: string) => Promise<string>,
): Promise<PreparedSql> {
  if (Buffer.byteLength(sql) > maxBytes) {
    throw new SqlRefusedError(`the statement is longer than ${maxBytes >> 10} KiB`, '', undefined);
  }
  const { unqualified } = checkSql(sql, await serialize(sql), tables);
  const qualified = qualify(sql, unqualified);
  const checked = checkSql(qualified, await serialize(qualified), tables);
  if (checked.unqualified.length > 0) {
    throw new SqlRefusedError(
      'a table could not be told apart',
      qualified,
      checked.unqualified[0],
      'write events."NAME"',
    );
  }
  return { sql: qualified, tables: checked.tables };
}

/** Writes the schema before the names that begin at these bytes. */
function qualify(sql: string, offsets: readonly number[]): string {
  const bytes = Buffer.from(sql);
  const ends = [...offsets].sort((a, b) => a - b);
  const parts = [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
  return parts.map(String).join('events.');
}
