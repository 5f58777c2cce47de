import { filterConjuncts } from '../../../probe/cel/filterConjuncts.ts';
import type { Term } from '../../../probe/cel/term.ts';
import type { StoredColumn } from '../../store/layout.ts';
import { filterSql } from '../filter/filterSql.ts';
import { storedScope, type ScopeColumn } from '../filter/storedScope.ts';
import { readableColumns } from './readableColumns.ts';
import type { PointTable } from './storedPoint.ts';

/** Which events are asked for. */
export interface Selection {
  /** ns since the Unix epoch, inclusive; 0n: from the first. */
  since: bigint;
  /** Exclusive; 0n: to the last. */
  until: bigint;
  /** Conditions that must all hold. */
  filter: readonly Term[];
}

/**
 * The conditions of a reader's filter.
 *
 * @throws FilterError
 */
export function readerFilter(text: string, columns: readonly ScopeColumn[]): Term[] {
  if (text.trim() === '') return [];
  const scope = storedScope(columns, process.arch === 'arm64' ? 'arm64' : 'x64');
  return filterConjuncts([{ text, name: '--filter' }], scope).map(({ term }) => term);
}

/** What WHERE says of a table `e` of a point with these columns. */
export function conditions(
  { since, until, filter }: Selection,
  table: PointTable,
  columns: readonly StoredColumn[],
): string[] {
  const readable = new Map(readableColumns(columns).map((column) => [column.name, column]));
  return [
    ...(since > 0n ? [`e.time >= make_timestamp_ns(${since})`] : []),
    ...(until > 0n ? [`e.time < make_timestamp_ns(${until})`] : []),
    ...filter.map((term) =>
      filterSql(term, ({ key }) => {
        const place = readable.get(key)?.place(table);
        if (place === undefined)
          throw new Error(`a filter was checked that looks at ${key}, which is no column`);
        const { raw, lookup, sql } = place;
        if (raw === undefined || lookup === undefined) return { sql, lookup: undefined };
        const { from, key: codes, field, none } = lookup;
        return { sql: `l.${field}`, lookup: { code: `e.${raw}`, from, key: codes, none } };
      }),
    ),
  ];
}

export function where(all: readonly string[]): string {
  return all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`;
}
