import { contextSql } from './contextSql.ts';
import {
  dictionaryTable,
  eventColumns,
  eventTable,
  quoteName,
  quoteText,
  shownType,
  workloadTable,
  type SliceName,
  type StoredColumn,
} from './layout.ts';

/** A table of a point's events. */
export interface ViewTable extends SliceName {
  point: number;
  ordinal: number;
  columns: readonly StoredColumn[];
}

/** Names of the views of a probe's points: the probe's own name, too, when it has one. */
export function viewNames(probe: string, point: string, onlyPoint: boolean): string[] {
  return onlyPoint ? [`${probe}/${point}`, probe] : [`${probe}/${point}`];
}

/**
 * The statement that makes a point's view over its tables.
 *
 * @param columns of the point's newest description: what the view of a point without tables has
 */
export function createEventView(
  name: string,
  tables: readonly ViewTable[],
  columns: readonly StoredColumn[],
): string {
  const selects = tables.length > 0 ? tables.map(selectEvents) : [selectNothing(columns)];
  return `CREATE OR REPLACE VIEW events.${quoteName(name)} AS\n${selects.join('\nUNION ALL BY NAME\n')}`;
}

const first = ['time', 'node', 'pid', 'tid', 'ppid', 'uid', 'gid', 'comm', 'context', 'k8s'];
const last = ['cgroup', 'truncated', 'sequence'];
const k8sType = 'STRUCT(namespace VARCHAR, pod VARCHAR, container VARCHAR, pod_uid VARCHAR)';

/** Names as a view has them. DuckDB's are the same in both cases: a later `Foo` beside `foo` is Foo_1. */
function freeNames(): (name: string) => string {
  const taken = new Set(first);
  return (name) => {
    let candidate = name;
    for (let i = 1; taken.has(candidate.toLowerCase()); i++) candidate = `${name}_${i}`;
    taken.add(candidate.toLowerCase());
    return quoteName(candidate);
  };
}

function enumName(
  free: (name: string) => string,
  { name, enumNames }: StoredColumn,
  value: string,
): string[] {
  if (enumNames === undefined) return [];
  const cases = Object.entries(enumNames).map(
    ([number, text]) => `WHEN ${BigInt(number)} THEN ${quoteText(text)}`,
  );
  return [`CASE ${value} ${cases.join(' ')} END AS ${free(`${name}_name`)}`];
}

function selectEvents({ probeUid, slice, point, ordinal, columns }: ViewTable): string {
  const dictionary = `data.${quoteName(dictionaryTable({ probeUid, slice }))}`;
  const joins = [
    'LEFT JOIN meta.sources s ON s.id = e.source',
    `LEFT JOIN ${dictionary} d ON d.code = e.comm`,
    `LEFT JOIN data.${quoteName(workloadTable({ probeUid, slice }))} w ON w.code = e.workload`,
  ];
  const free = freeNames();
  const own = columns.map(({ name, column, kind }) => {
    if (kind !== 'code') return `e.${column} AS ${free(name)}`;
    joins.push(`LEFT JOIN ${dictionary} d${column} ON d${column}.code = e.${column}`);
    return `d${column}.value AS ${free(name)}`;
  });
  const shown = [
    'e.time AS time',
    's.node AS node',
    ...['pid', 'tid', 'ppid', 'uid', 'gid'].map((id) => `e.${id} AS ${id}`),
    'd.value AS comm',
    `${contextSql('e.context')} AS context`,
    'CASE WHEN w.code IS NULL THEN NULL ELSE {namespace: w.namespace, pod: w.pod, container: w.container, ' +
      'pod_uid: w.pod_uid} END AS k8s',
    ...own,
    ...columns.flatMap((column) => enumName(free, column, `e.${column.column}`)),
    ...last.map((name) => `e.${name} AS ${free(name)}`),
  ];
  const table = quoteName(eventTable({ probeUid, slice }, point, ordinal));
  return `SELECT ${shown.join(', ')}\nFROM data.${table} e\n${joins.join('\n')}`;
}

function selectNothing(columns: readonly StoredColumn[]): string {
  const free = freeNames();
  const shown = [
    ...eventColumns([])
      .filter(({ column }) => ['time', 'pid', 'tid', 'ppid', 'uid', 'gid'].includes(column))
      .map(({ column, sqlType }) => `NULL::${sqlType} AS ${column}`),
    ...['node', 'comm', 'context'].map((column) => `NULL::VARCHAR AS ${column}`),
    `NULL::${k8sType} AS k8s`,
    ...columns.map(({ name, type }) => `NULL::${shownType(type)} AS ${free(name)}`),
    ...columns.flatMap((column) => enumName(free, column, 'NULL::BIGINT')),
    ...last.map((name) => `NULL::UBIGINT AS ${free(name)}`),
  ];
  return `SELECT ${shown.join(', ')} WHERE false`;
}
