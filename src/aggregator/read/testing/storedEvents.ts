import type { DuckDBConnection } from '@duckdb/node-api';
import type { StoredColumn } from '../../store/layout.ts';
import type { PointTable } from '../query/storedPoint.ts';

/** Columns of an imagined point, as its newest tables have them. */
export const storedColumns: StoredColumn[] = [
  { name: 'filename', column: 'c0', type: 'String', kind: 'code', field: 16 },
  { name: 'retval', column: 'c1', type: 'Int64', kind: 'value', field: 17, enumNames: { '-2': 'GONE' } },
  { name: 'duration', column: 'c2', type: 'Duration', kind: 'value', field: 18 },
];

/**
 * Three tables of one point in two slices: strings have other codes in each slice, the second table has its file names
 * as text, and the third lacks `duration`. Times are written without their last digit, 1.
 */
export async function storeEvents(connection: DuckDBConnection): Promise<PointTable[]> {
  const common = `time TIMESTAMP_NS, source UINTEGER, sequence UBIGINT, pid UINTEGER, tid UINTEGER, ppid UINTEGER,
    uid UINTEGER, gid UINTEGER, comm UINTEGER, context USMALLINT, workload UINTEGER, cgroup UBIGINT, truncated USMALLINT`;
  const row = (
    time: number,
    source: number,
    sequence: number,
    comm: number,
    workload: number,
    own: string,
  ): string =>
    `(make_timestamp_ns(${time}1), ${source}, ${sequence}, ${100 + sequence}, 1, 1, 0, 0, ${comm}, 0, ${workload}, 1, 0, ${own})`;
  for (const sql of [
    'CREATE SCHEMA data',
    'CREATE SCHEMA meta',
    'CREATE TABLE meta.sources (id UINTEGER, node VARCHAR)',
    "INSERT INTO meta.sources VALUES (1, 'node-a'), (2, 'node-b')",
    'CREATE TABLE data.d_0 (code UINTEGER, value VARCHAR)',
    "INSERT INTO data.d_0 VALUES (0, 'cat'), (1, '/etc/a'), (2, '/etc/b'), (3, 'sh')",
    'CREATE TABLE data.d_1 (code UINTEGER, value VARCHAR)',
    "INSERT INTO data.d_1 VALUES (0, 'sh'), (1, 'cat'), (2, '/etc/b')",
    'CREATE TABLE data.w_0 (code UINTEGER, namespace VARCHAR, pod VARCHAR, container VARCHAR, pod_uid VARCHAR)',
    "INSERT INTO data.w_0 VALUES (1, 'shop', 'web', 'nginx', 'u')",
    'CREATE TABLE data.w_1 (code UINTEGER, namespace VARCHAR, pod VARCHAR, container VARCHAR, pod_uid VARCHAR)',
    `CREATE TABLE data.e_0_0 (${common}, c0 UINTEGER, c1 BIGINT, c2 BIGINT)`,
    `INSERT INTO data.e_0_0 VALUES ${[
      row(1000, 1, 0, 0, 0, '1, -2, 10'),
      row(1001, 1, 1, 3, 1, '2, 3, 20'),
      row(1001, 2, 0, 0, 0, 'NULL, NULL, 30'),
      row(1005, 1, 2, 0, 0, '1, -2, 5'),
    ].join(', ')}`,
    `CREATE TABLE data.e_0_1 (${common}, c0 VARCHAR, c1 BIGINT, c2 BIGINT)`,
    `INSERT INTO data.e_0_1 VALUES ${row(1003, 2, 1, 3, 1, "'/tmp/x', 4, 7")}`,
    `CREATE TABLE data.e_1_0 (${common}, c0 UINTEGER, c1 BIGINT)`,
    `INSERT INTO data.e_1_0 VALUES ${[row(1004, 1, 3, 1, 0, '2, -2'), row(1010, 2, 2, 0, 0, 'NULL, 9')].join(', ')}`,
  ]) {
    await connection.run(sql);
  }
  const [filename, retval, duration] = storedColumns as [StoredColumn, StoredColumn, StoredColumn];
  const first = { dictionary: 'data.d_0', workloads: 'data.w_0' };
  return [
    { table: 'data.e_0_0', ...first, columns: storedColumns },
    { table: 'data.e_0_1', ...first, columns: [{ ...filename, kind: 'text' }, retval, duration] },
    { table: 'data.e_1_0', dictionary: 'data.d_1', workloads: 'data.w_1', columns: [filename, retval] },
  ];
}
