import {
  dictionaryTable,
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

/** The statement that makes a point's view over its tables. `tables` has at least one. */
export function createEventView(name: string, tables: readonly ViewTable[]): string {
  const selects = tables.map((table) => selectEvents(table)).join('\nUNION ALL BY NAME\n');
  return `CREATE OR REPLACE VIEW events.${quoteName(name)} AS\n${selects}`;
}

const first = ['time', 'node', 'pid', 'tid', 'ppid', 'uid', 'gid', 'comm', 'context', 'k8s'];
const last = ['cgroup', 'truncated', 'sequence'];

function selectEvents({ probeUid, slice, point, ordinal, columns }: ViewTable): string {
  const dictionary = `data.${quoteName(dictionaryTable({ probeUid, slice }))}`;
  const joins = [
    'LEFT JOIN meta.sources s ON s.id = e.source',
    `LEFT JOIN ${dictionary} d ON d.code = e.comm`,
    `LEFT JOIN data.${quoteName(workloadTable({ probeUid, slice }))} w ON w.code = e.workload`,
  ];
  // DuckDB's names are the same in both cases: a later `Foo` beside `foo` is Foo_1, as DuckDB itself would say.
  const taken = new Set(first);
  const free = (name: string): string => {
    let candidate = name;
    for (let i = 1; taken.has(candidate.toLowerCase()); i++) candidate = `${name}_${i}`;
    taken.add(candidate.toLowerCase());
    return quoteName(candidate);
  };
  const own = columns.map(({ name, column, type, kind }) => {
    if (kind === 'value') return `e.${column} AS ${free(name)}`;
    if (kind === 'text') return `e.${column}::${shownType(type)} AS ${free(name)}`;
    joins.push(`LEFT JOIN ${dictionary} d${column} ON d${column}.code = e.${column}`);
    return `d${column}.value AS ${free(name)}`;
  });
  const names = columns.flatMap(({ name, column, enumNames }) => {
    if (enumNames === undefined) return [];
    const cases = Object.entries(enumNames).map(
      ([value, text]) => `WHEN ${BigInt(value)} THEN ${quoteText(text)}`,
    );
    return [`CASE e.${column} ${cases.join(' ')} END AS ${free(`${name}_name`)}`];
  });
  const shown = [
    'e.time AS time',
    's.node AS node',
    ...['pid', 'tid', 'ppid', 'uid', 'gid'].map((id) => `e.${id} AS ${id}`),
    'd.value AS comm',
    "CASE e.context WHEN 0 THEN 'task' ELSE 'interrupt' END AS context",
    'CASE WHEN w.code IS NULL THEN NULL ELSE {namespace: w.namespace, pod: w.pod, container: w.container, ' +
      'pod_uid: w.pod_uid} END AS k8s',
    ...own,
    ...names,
    ...last.map((name) => `e.${name} AS ${free(name)}`),
  ];
  const table = quoteName(eventTable({ probeUid, slice }, point, ordinal));
  return `SELECT ${shown.join(', ')}\nFROM data.${table} e\n${joins.join('\n')}`;
}
