import type { StoredColumn } from '../../store/layout.ts';
import { quoteText } from '../../store/layout.ts';
import { chooseColumn } from './chooseColumns.ts';
import { conditions, where, type Selection } from './condition.ts';
import type { PageEnd } from './pageToken.ts';
import { joinsOf, readableColumns, type ReadableColumn } from './readableColumns.ts';
import { ReaderError } from './readerError.ts';
import type { PointTable } from './storedPoint.ts';

/** A column to order by. */
export interface OrderKey {
  column: ReadableColumn;
  descending: boolean;
}

/** A query of events, with all its names known. */
export interface EventQuery {
  /** The point's own. */
  stored: readonly StoredColumn[];
  selection: Selection;
  columns: readonly ReadableColumn[];
  order: readonly OrderKey[];
}

/**
 * @param columns names; empty: the usual ones
 * @param order names, "-" before those that descend; empty: time
 * @throws ReaderError for a name that is no column
 */
export function eventQuery(
  stored: readonly StoredColumn[],
  selection: Selection,
  columns: readonly string[],
  order: readonly string[],
): EventQuery {
  const all = readableColumns(stored);
  const shown = columns.map((name) => chooseColumn(name, all, '--columns'));
  const keys = (order.length === 0 ? ['time'] : order).map((text): OrderKey => {
    const descending = text.startsWith('-');
    const column = chooseColumn(descending ? text.slice(1) : text, all, '--order');
    if (column.type === 'Bytes')
      throw new ReaderError(`--order: ${column.name} is a buffer of bytes, which has no order`);
    return { column, descending };
  });
  return {
    stored,
    selection,
    columns: shown.length > 0 ? shown : all.filter(({ usual }) => usual),
    order: keys,
  };
}

/**
 * The statement of a page: the columns, then the keys it is ordered by, the source and the sequence of each event,
 * which tell events apart where the keys do not. Each table gives its first rows as codes; what the codes mean is
 * looked up for those alone. NULL comes last.
 *
 * @param tables at least one
 * @param limit rows
 */
export function queryStatement(
  query: EventQuery,
  tables: readonly PointTable[],
  limit: number,
  after: PageEnd | undefined,
): string {
  const selects = tables.map((table) => `(${tableRows(query, table, limit, after)})`);
  const names = query.columns.map((_column, index) => `v${index}`);
  const keys = query.order.map((_key, index) => `o${index}`);
  return `SELECT ${[...names, ...keys, 'source', 'sequence'].join(', ')} FROM (${selects.join('\nUNION ALL\n')})
ORDER BY ${ordering(query)} LIMIT ${limit}`;
}

function ordering({ order }: EventQuery): string {
  const keys = order.map(({ descending }, index) => `o${index} ${descending ? 'DESC' : 'ASC'} NULLS LAST`);
  return [...keys, 'source', 'sequence'].join(', ');
}

function tableRows(query: EventQuery, table: PointTable, limit: number, after: PageEnd | undefined): string {
  const { columns, order, stored, selection } = query;
  const keys = order.map(({ column }) => column.place(table));
  const all = [...conditions(selection, table, stored), ...(after ? [behindPage(query, table, after)] : [])];
  const rows = `SELECT e.*${keys.map(({ sql }, index) => `, ${sql} AS o${index}`).join('')}
FROM ${table.table} e ${joinsOf(keys)} ${where(all)} ORDER BY ${ordering(query)} LIMIT ${limit}`;
  const places = columns.map((column) => column.place(table));
  const shown = [
    ...places.map(({ sql }, index) => `${sql} AS v${index}`),
    ...order.map((_key, index) => `e.o${index} AS o${index}`),
    'e.source AS source',
    'e.sequence AS sequence',
  ];
  return `SELECT ${shown.join(', ')} FROM (${rows}) e ${joinsOf(places)}`;
}

/** That an event comes after the one that a page ended with: key by key, as they are ordered. */
function behindPage({ order }: EventQuery, table: PointTable, { keys, source, sequence }: PageEnd): string {
  let condition = `(e.source > ${source} OR (e.source = ${source} AND e.sequence > ${sequence}))`;
  for (const [index, { column, descending }] of [...order.entries()].reverse()) {
    const { sql } = column.place(table);
    const text = keys[index] ?? null;
    if (text === null) {
      condition = `(${sql} IS NULL AND ${condition})`;
      continue;
    }
    const value = literal(text, column);
    const sign = descending ? '<' : '>';
    condition = `(${sql} IS NULL OR ${sql} ${sign} ${value} OR (${sql} = ${value} AND ${condition}))`;
  }
  return condition;
}

function literal(text: string, { type }: ReadableColumn): string {
  switch (type) {
    case 'Time':
      return `make_timestamp_ns(${quoteText(text)}::BIGINT)`;
    case 'Int64':
    case 'Duration':
      return `${quoteText(text)}::BIGINT`;
    case 'Uint64':
      return `${quoteText(text)}::UBIGINT`;
    case 'Float64':
      return `${quoteText(text)}::DOUBLE`;
    case 'Bool':
      return `${quoteText(text)}::BOOLEAN`;
    default:
      return quoteText(text);
  }
}
