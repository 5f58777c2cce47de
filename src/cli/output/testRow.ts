import type { Row } from '../../codec/rowsOf.ts';
import type { ShownPoint } from './shownEvent.ts';

/** An event for tests of formats. */
export function testRow(row: Partial<Row> = {}): Row {
  return {
    time: 1_795_263_297_692_806_287n,
    pid: 42,
    tid: 43,
    ppid: 1,
    uid: 1000,
    gid: 100,
    comm: 'cat',
    context: 'task',
    cgroup: 1n,
    truncated: 0,
    sequence: 0n,
    fields: {},
    ...row,
  };
}

/** A point for tests of formats: a file's name, its flags by name, a result. */
export const testPoint: ShownPoint = {
  probe: 'opens',
  point: 'openat',
  columns: [
    { name: 'filename', type: 'String', field: 0, visible: true },
    { name: 'mode', type: 'Int64', field: 1, visible: true, enumNames: { 0: 'READ', 1: 'WRITE' } },
    { name: 'retval', type: 'Int64', field: 2, visible: true },
  ],
  results: new Set(['retval']),
};
