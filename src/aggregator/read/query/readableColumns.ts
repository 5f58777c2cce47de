import type { ColumnType } from '../../../probe/plan.ts';
import { contextSql } from '../../store/contextSql.ts';
import { shownType, type SqlType, type StoredColumn } from '../../store/layout.ts';
import type { PointTable } from './storedPoint.ts';

/** A column of a point as readers know it. */
export interface ReadableColumn {
  name: string;
  type: ColumnType | 'Time';
  /** Names of an enum's values, by the value in decimal. */
  enumNames?: Record<string, string>;
  /** Shown when nobody says which columns to show. */
  usual: boolean;
  /** Where a table has it. */
  place: (table: PointTable) => ColumnPlace;
}

/** Where a table of events `e` has a column. */
export interface ColumnPlace {
  /** The column of the table that decides its value; undefined: the table has none, and the value is NULL. */
  raw: string | undefined;
  /** Its value stands in a row of another table, of which `raw` is the key; named l_<raw> in joins. */
  lookup?: { from: string; key: string; field: string; none?: number };
  /** The value, over `e` and l_<raw>. */
  sql: string;
}

const id = (name: string, usual = true): ReadableColumn => ({
  name,
  type: 'Uint64',
  usual,
  place: () => ({ raw: name, sql: `e.${name}::UBIGINT` }),
});

const workload = (field: string): ReadableColumn => ({
  name: `k8s.${field}`,
  type: 'String',
  usual: true,
  place: ({ workloads }) => behind('workload', { from: workloads, key: 'code', field, none: 0 }),
});

const before: readonly ReadableColumn[] = [
  { name: 'time', type: 'Time', usual: true, place: () => ({ raw: 'time', sql: 'e.time' }) },
  {
    name: 'node',
    type: 'String',
    usual: true,
    place: () => behind('source', { from: 'meta.sources', key: 'id', field: 'node' }),
  },
  ...['pid', 'tid', 'ppid', 'uid', 'gid'].map((name) => id(name)),
  {
    name: 'comm',
    type: 'String',
    usual: true,
    place: ({ dictionary }) => behind('comm', { from: dictionary, key: 'code', field: 'value' }),
  },
  {
    name: 'context',
    type: 'String',
    usual: true,
    place: () => ({
      raw: 'context',
      sql: contextSql('e.context'),
    }),
  },
  ...['namespace', 'pod', 'container'].map(workload),
];
const after: readonly ReadableColumn[] = [id('truncated'), id('cgroup', false), id('sequence', false)];

/** Every column of a point: what every event has, its own, and what is about the event itself. */
export function readableColumns(own: readonly StoredColumn[]): ReadableColumn[] {
  return [
    ...before,
    ...own.map(({ name, type, enumNames }): ReadableColumn => ({
      name,
      type,
      usual: true,
      ...(enumNames && { enumNames }),
      place: (table) => ownPlace(table, name, shownType(type)),
    })),
    ...after,
  ];
}

/** A column of this name may have been another thing in an older generation; then it has no value there. */
function ownPlace({ columns, dictionary }: PointTable, name: string, sqlType: SqlType): ColumnPlace {
  const found = columns.find((column) => column.name === name && shownType(column.type) === sqlType);
  if (found === undefined) return { raw: undefined, sql: `NULL::${sqlType}` };
  const raw = found.column;
  if (found.kind === 'code') return behind(raw, { from: dictionary, key: 'code', field: 'value' });
  return { raw, sql: `e.${raw}` };
}

function behind(raw: string, lookup: NonNullable<ColumnPlace['lookup']>): ColumnPlace {
  return { raw, lookup, sql: `l_${raw}.${lookup.field}` };
}

/** The joins that `sql` of these places needs. */
export function joinsOf(places: readonly ColumnPlace[]): string {
  const joins = new Map(
    places.flatMap(({ raw, lookup }): [string, string][] =>
      raw === undefined || lookup === undefined
        ? []
        : [[raw, `LEFT JOIN ${lookup.from} l_${raw} ON l_${raw}.${lookup.key} = e.${raw}`]],
    ),
  );
  return [...joins.values()].join(' ');
}
