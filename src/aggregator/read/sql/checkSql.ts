import { SqlChecker } from './sqlChecker.ts';
import { text, type Node } from './sqlNode.ts';
import { SqlRefusedError } from './sqlRefusedError.ts';
import { SqlSizes } from './sqlSizes.ts';
import { queryWrapper } from './sqlShapes.ts';

/** What a checked statement looks at. */
export interface CheckedSql {
  /** Names of tables as they are in `tables`. */
  tables: Set<string>;
  /** Where tables stand in the statement that are named without their schema; in bytes of UTF-8. */
  unqualified: number[];
}

/**
 * Checks that a statement is one SELECT over allowed tables, made of nothing but what is listed here: an allow-list of
 * nodes, of their keys, functions, types and tables; and that no value in it can grow beyond measure.
 *
 * @param sql for messages
 * @param serialized json_serialize_sql(sql), by the DuckDB that is going to run it
 * @param tables that may be read: names of views in the schema `events`, which may be left out
 * @throws SqlRefusedError
 */
export function checkSql(sql: string, serialized: string, tables: readonly string[]): CheckedSql {
  const parsed = JSON.parse(serialized) as Node;
  if (parsed['error'] === true) throw notSelect(sql, parsed);
  const statements = parsed['statements'] as Node[];
  const [statement] = statements;
  if (statement === undefined) throw new SqlRefusedError('there is no statement', sql, undefined);
  if (statements.length > 1) {
    throw new SqlRefusedError('one statement at a time', sql, undefined, 'leave out all but one SELECT');
  }
  const checker = new SqlChecker(sql, tables);
  checker.shape(statement, queryWrapper, 'statement');
  new SqlSizes((node, summary, hint) => checker.refusal(node, summary, hint)).check(statement);
  return { tables: checker.used, unqualified: checker.unqualified };
}

function notSelect(sql: string, parsed: Node): SqlRefusedError {
  const position = Number(parsed['position']);
  const offset = Number.isInteger(position) ? position : undefined;
  const message = text(parsed['error_message']);
  if (parsed['error_type'] === 'not implemented') {
    return new SqlRefusedError(
      'only SELECT can be run here (and FROM, WITH and VALUES, which are SELECTs)',
      sql,
      undefined,
      "PIVOT can be written with FILTER: count(*) FILTER (comm = 'cat')",
    );
  }
  return new SqlRefusedError(message, sql, offset);
}
