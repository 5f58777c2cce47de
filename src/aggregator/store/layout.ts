import { createHash } from 'node:crypto';
import type { ColumnType } from '../../probe/plan.ts';
import { builtinColumns, firstPointColumn } from '../../codec/decodeBatch.ts';

/*
 * How events lie in the store. One DuckDB file; three schemas.
 *
 * data: the events. Names are made of the TraceProbe's UID, never of its name: a re-created probe inherits nothing.
 *
 *   data.e_<uid>_<slice>_<point>_<table>   events of one point, in one time slice, of one shape: see eventColumns()
 *   data.d_<uid>_<slice>                   code UINTEGER, value VARCHAR: strings of the probe in that slice
 *   data.w_<uid>_<slice>                   code UINTEGER, namespace, pod, container, pod_uid VARCHAR
 *
 *   A slice is a stretch of the time at which batches came (not of the events' own time), one for all points of a
 *   probe, and is dropped whole. <table> counts up within a slice: a point has another table when its columns change,
 *   or when a column of codes turns out to have a new string in most rows and becomes VARCHAR. A row is written once
 *   and never changed. Strings of a slice are committed with the first row that uses them.
 *
 * meta: what there is, read by whoever writes SQL over data. (Of readers' own SQL only events is to be seen.)
 *
 *   meta.format   name ('traceprobe'), version: see storeFormat.ts
 *   meta.probes   uid, name, is_current (its name means this one), max_age_ms, max_bytes, first_seen TIMESTAMP,
 *                 deleted TIMESTAMP (NULL: it is there, or nobody said otherwise)
 *   meta.points   probe_uid, point, point_name, generation, columns (JSON: StoredColumn[]): the newest description
 *   meta.slices   probe_uid, slice, opened TIMESTAMP, closed TIMESTAMP (NULL: rows are added), bytes UBIGINT (used
 *                 blocks at the last checkpoint)
 *   meta.tables   table_name, probe_uid, slice, point, ordinal, shape, columns (JSON: StoredColumn[])
 *   meta.views    view_name, probe_uid, probe_name, point, point_name
 *   meta.sources  id UINTEGER, node_uid, node, epoch (hex), probe_uid: where rows came from; probe_uid is '' for the
 *                 source that counts an epoch's frames
 *   meta.gaps     source, first UBIGINT, last UBIGINT (inclusive), seen TIMESTAMP: events that have not come
 *   meta.progress_<n>, meta.accounts_<n>   logs of which the last entry a source counts: see ProgressLog, AccountLog
 *
 * events: a view a point, for people: events."<probe>/<point>", and events."<probe>" when the probe has one point. Its
 *   columns are spelt as in filters and JSON: time TIMESTAMP_NS, node, pid, tid, ppid, uid, gid, comm, context ('task',
 *   'softirq', 'hardirq', or 'interrupt': which one is not known), k8s (a STRUCT, NULL outside pods: k8s.namespace, k8s.pod, k8s.container, k8s.pod_uid), then the
 *   point's own; durations are BIGINT nanoseconds; an enum's column is its number and <column>_name its name; then
 *   cgroup, truncated, sequence. What could not be read is NULL. Only tables of the current UID are in it. It joins
 *   the dictionaries, which makes it 4 to 10 times slower than aggregating codes and joining afterwards: fine for
 *   ad-hoc SQL, not for Query and top.
 */

/** How the values of a column lie in its table. */
export type StoredKind =
  /** As themselves. */
  | 'value'
  /** A code of the slice's dictionary (data.d_…). */
  | 'code'
  /** VARCHAR or BLOB in the table itself. */
  | 'text';

/** A column of a point's own, in a table of the store. */
export interface StoredColumn {
  /** As the TraceProbe calls it. */
  name: string;
  /** What the column is called in the table: c0, c1, … */
  column: string;
  type: ColumnType;
  kind: StoredKind;
  /** Column.field of batches. */
  field: number;
  /** Names of an enum's values, by the value in decimal. */
  enumNames?: Record<string, string>;
}

/** SQL type of a column of a table. */
export type SqlType =
  | 'TIMESTAMP_NS'
  | 'UINTEGER'
  | 'UBIGINT'
  | 'USMALLINT'
  | 'BIGINT'
  | 'DOUBLE'
  | 'BOOLEAN'
  | 'VARCHAR'
  | 'BLOB';

/** A column of a table as it is written. */
export interface TableColumn {
  column: string;
  sqlType: SqlType;
  kind: StoredKind;
  /** Column.field of batches; undefined: the store fills it in. */
  field: number | undefined;
}

/** Columns that every table of events begins with; source is meta.sources.id, workload a code of data.w_… (0: none). */
export const commonColumns: readonly TableColumn[] = [
  { column: 'time', sqlType: 'TIMESTAMP_NS', kind: 'value', field: builtinColumns.time },
  { column: 'source', sqlType: 'UINTEGER', kind: 'value', field: undefined },
  { column: 'sequence', sqlType: 'UBIGINT', kind: 'value', field: undefined },
  { column: 'pid', sqlType: 'UINTEGER', kind: 'value', field: builtinColumns.pid },
  { column: 'tid', sqlType: 'UINTEGER', kind: 'value', field: builtinColumns.tid },
  { column: 'ppid', sqlType: 'UINTEGER', kind: 'value', field: builtinColumns.ppid },
  { column: 'uid', sqlType: 'UINTEGER', kind: 'value', field: builtinColumns.uid },
  { column: 'gid', sqlType: 'UINTEGER', kind: 'value', field: builtinColumns.gid },
  { column: 'comm', sqlType: 'UINTEGER', kind: 'code', field: builtinColumns.comm },
  { column: 'context', sqlType: 'USMALLINT', kind: 'value', field: builtinColumns.context },
  { column: 'workload', sqlType: 'UINTEGER', kind: 'code', field: builtinColumns.workload },
  { column: 'cgroup', sqlType: 'UBIGINT', kind: 'value', field: builtinColumns.cgroup },
  { column: 'truncated', sqlType: 'USMALLINT', kind: 'value', field: builtinColumns.truncated },
];

const valueTypes: Record<ColumnType, SqlType> = {
  Int64: 'BIGINT',
  Uint64: 'UBIGINT',
  Duration: 'BIGINT',
  Float64: 'DOUBLE',
  Bool: 'BOOLEAN',
  String: 'VARCHAR',
  Ip: 'VARCHAR',
  Path: 'VARCHAR',
  Bytes: 'BLOB',
};

/** SQL type in which a reader sees a column, whatever its kind. */
export function shownType(type: ColumnType): SqlType {
  return valueTypes[type];
}

/** Every column of a table of events, in order. */
export function eventColumns(columns: readonly StoredColumn[]): TableColumn[] {
  return [
    ...commonColumns,
    ...columns.map(({ column, type, kind, field }): TableColumn => {
      return { column, sqlType: kind === 'code' ? 'UINTEGER' : valueTypes[type], kind, field };
    }),
  ];
}

/** A column as a PointSchema tells of it. */
export interface DescribedColumn {
  name: string;
  type: ColumnType;
  visible: boolean;
  enumNames: Record<string, string>;
}

/**
 * The columns that a point's tables have.
 *
 * @param described in the order of Column.field 16, 17, …
 * @param asText names of columns in which most strings are new
 */
export function storedColumns(
  described: readonly DescribedColumn[],
  asText: ReadonlySet<string> = new Set(),
): StoredColumn[] {
  return described.flatMap(({ name, type, visible, enumNames }, index): StoredColumn[] => {
    if (!visible) return [];
    const text = valueTypes[type] === 'VARCHAR' || type === 'Bytes';
    const kind = !text ? 'value' : type === 'Bytes' || asText.has(name) ? 'text' : 'code';
    const names = Object.keys(enumNames).length > 0 ? { enumNames } : {};
    return [{ name, column: `c${index}`, type, kind, field: firstPointColumn + index, ...names }];
  });
}

/** Identifies columns by what they are: points of the same shape share tables over generations. */
export function shapeOf(columns: readonly StoredColumn[]): string {
  const signature = columns.map(({ name, column, type, kind, enumNames }) => [
    name,
    column,
    type,
    kind,
    enumNames,
  ]);
  return createHash('sha256').update(JSON.stringify(signature)).digest('hex').slice(0, 16);
}

/**
 * A probe's UID as a part of a table's name.
 *
 * @throws RangeError for what cannot be a UID
 */
export function uidPart(probeUid: string): string {
  if (!/^[0-9a-z-]{1,64}$/.test(probeUid)) {
    throw new RangeError(
      `${JSON.stringify(probeUid)} is no UID of a TraceProbe: a-z, 0-9 and "-", at most 64`,
    );
  }
  return probeUid.replaceAll('-', '_');
}

/** Tables of one slice of one probe. */
export interface SliceName {
  probeUid: string;
  slice: number;
}

export function eventTable({ probeUid, slice }: SliceName, point: number, ordinal: number): string {
  return `e_${uidPart(probeUid)}_${slice}_${point}_${ordinal}`;
}

export function dictionaryTable({ probeUid, slice }: SliceName): string {
  return `d_${uidPart(probeUid)}_${slice}`;
}

export function workloadTable({ probeUid, slice }: SliceName): string {
  return `w_${uidPart(probeUid)}_${slice}`;
}

export const dictionaryColumns = 'code UINTEGER, value VARCHAR';
export const workloadColumns =
  'code UINTEGER, namespace VARCHAR, pod VARCHAR, container VARCHAR, pod_uid VARCHAR';

/** What there is in every file: rows, metadata, and the views of readers. */
export const schemas = ['data', 'meta', 'events'];

/** Schemas and tables that every file has. */
export const createMetadata = [
  ...schemas.map((name) => `CREATE SCHEMA IF NOT EXISTS ${name}`),
  'CREATE TABLE IF NOT EXISTS meta.format (name VARCHAR, version UINTEGER)',
  `CREATE TABLE IF NOT EXISTS meta.probes (uid VARCHAR, name VARCHAR, is_current BOOLEAN, max_age_ms UBIGINT,
     max_bytes UBIGINT, first_seen TIMESTAMP, deleted TIMESTAMP)`,
  `CREATE TABLE IF NOT EXISTS meta.points (probe_uid VARCHAR, point UINTEGER, point_name VARCHAR, generation UBIGINT,
     columns VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS meta.slices (probe_uid VARCHAR, slice UINTEGER, opened TIMESTAMP, closed TIMESTAMP,
     bytes UBIGINT)`,
  `CREATE TABLE IF NOT EXISTS meta.tables (table_name VARCHAR, probe_uid VARCHAR, slice UINTEGER, point UINTEGER,
     ordinal UINTEGER, shape VARCHAR, columns VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS meta.views (view_name VARCHAR, probe_uid VARCHAR, probe_name VARCHAR, point UINTEGER,
     point_name VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS meta.sources (id UINTEGER, node_uid VARCHAR, node VARCHAR, epoch VARCHAR,
     probe_uid VARCHAR)`,
  'CREATE TABLE IF NOT EXISTS meta.gaps (source UINTEGER, "first" UBIGINT, "last" UBIGINT, seen TIMESTAMP)',
] as const;

/** A name in SQL, whatever is in it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string in SQL. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
