import { shownType, type StoredColumn } from '../../store/layout.ts';
import { chooseColumn } from './chooseColumns.ts';
import { conditions, where, type Selection } from './condition.ts';
import { joinsOf, readableColumns, type ReadableColumn } from './readableColumns.ts';
import { ReaderError } from './readerError.ts';
import type { PointTable } from './storedPoint.ts';

const functions = ['sum', 'avg', 'min', 'max'] as const;

/** What combinations of values are ordered by; greatest first. */
export type TopValue = { function: 'count' } | { function: (typeof functions)[number]; of: ReadableColumn };

/** The most frequent values of a point, or those with most of something. */
export interface TopQuery {
  stored: readonly StoredColumn[];
  selection: Selection;
  by: readonly ReadableColumn[];
  value: TopValue;
}

/**
 * @param by names of columns, at least one
 * @param value empty or "count", or "sum(duration)" with sum, avg, min or max
 * @throws ReaderError
 */
export function topQuery(
  stored: readonly StoredColumn[],
  selection: Selection,
  by: readonly string[],
  value: string,
): TopQuery {
  const all = readableColumns(stored);
  if (by.length === 0) throw new ReaderError('--by: say of which columns, for example comm');
  const columns = by.map((name) => chooseColumn(name, all, '--by'));
  return { stored, selection, by: columns, value: topValue(value, all) };
}

function topValue(text: string, columns: readonly ReadableColumn[]): TopValue {
  if (text === '' || text === 'count') return { function: 'count' };
  const [, name, argument] = /^(\w+)\((.+)\)$/.exec(text) ?? [];
  const found = functions.find((each) => each === name);
  if (found === undefined || argument === undefined) {
    throw new ReaderError(
      `--value: ${text} is none of count, sum(COLUMN), avg(COLUMN), min(COLUMN), max(COLUMN)`,
    );
  }
  const of = chooseColumn(argument, columns, '--value');
  if (!['Int64', 'Uint64', 'Float64', 'Duration'].includes(of.type)) {
    throw new ReaderError(`--value: ${argument} is of type ${of.type}, and ${found} is of numbers`);
  }
  return { function: found, of };
}

/** The columns of the result: those asked for, how many events they have, and the value if it is another one. */
export function topColumns({ by, value }: TopQuery): Pick<ReadableColumn, 'name' | 'type' | 'enumNames'>[] {
  const count = { name: 'count', type: 'Uint64' as const };
  if (value.function === 'count') return [...by, count];
  const { name, type } = value.of;
  const float = value.function === 'avg' && type !== 'Duration';
  return [...by, count, { name: `${value.function}(${name})`, type: float ? 'Float64' : type }];
}

/**
 * Counts codes table by table and looks up what they mean afterwards: the same value has another code in another slice.
 *
 * @param tables at least one
 */
export function topStatement(query: TopQuery, tables: readonly PointTable[], limit: number): string {
  const { by, value } = query;
  const keys = by.map((_column, index) => `k${index}`);
  const parts = tables.map((table) => `(${tableCounts(query, table)})`).join('\nUNION ALL\n');
  const shown = [
    ...keys,
    'sum(n)::UBIGINT AS n',
    ...(value.function === 'count' ? [] : [`${total(value)} AS v`]),
  ];
  const order = value.function === 'count' ? 'n DESC' : 'v DESC NULLS LAST, n DESC';
  const ties = keys.map((key) => `${key} NULLS LAST`).join(', ');
  return `SELECT ${shown.join(', ')} FROM (${parts}) GROUP BY ${keys.join(', ')} ORDER BY ${order}, ${ties} LIMIT ${limit}`;
}

/** Of the tables' parts: p is a sum, a least or a greatest value, c how many there were. */
function total(value: Exclude<TopValue, { function: 'count' }>): string {
  const { type } = value.of;
  const sqlType = type === 'Time' ? 'BIGINT' : shownType(type);
  switch (value.function) {
    case 'min':
      return 'min(p)';
    case 'max':
      return 'max(p)';
    case 'sum':
      // A sum that does not fit is NULL rather than wrong.
      return `TRY_CAST(sum(p) AS ${sqlType})`;
    case 'avg':
      return type === 'Duration' ? 'CAST(sum(p) / sum(c) AS BIGINT)' : '(sum(p) / sum(c))::DOUBLE';
  }
}

function tableCounts({ by, value, selection, stored }: TopQuery, table: PointTable): string {
  const places = by.map((column) => column.place(table));
  const raws = [...new Set(places.flatMap(({ raw }) => (raw === undefined ? [] : [`e.${raw}`])))];
  const parts = partsOf(value, table);
  const groups = raws.length === 0 ? '' : `GROUP BY ${raws.join(', ')}`;
  const counts = `SELECT ${[...raws, 'count(*) AS n', ...parts].join(', ')} FROM ${table.table} e ${where(conditions(selection, table, stored))} ${groups}`;
  const names = ['e.n AS n', ...(parts.length === 0 ? [] : ['e.p AS p', 'e.c AS c'])];
  const shown = [...places.map(({ sql }, index) => `${sql} AS k${index}`), ...names];
  return `SELECT ${shown.join(', ')} FROM (${counts}) e ${joinsOf(places)} WHERE e.n > 0`;
}

function partsOf(value: TopValue, table: PointTable): string[] {
  if (value.function === 'count') return [];
  const { sql } = value.of.place(table);
  const part = value.function === 'avg' ? 'sum' : value.function;
  return [`${part}(${sql}) AS p`, `count(${sql}) AS c`];
}
