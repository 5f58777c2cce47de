import { contextName, type Context } from '../probe/contexts.ts';
import type { ColumnType } from '../probe/plan.ts';
import { builtinColumns, firstPointColumn, type Batch, type BatchColumn } from './decodeBatch.ts';

/** A column to show: of PointPlan.columns. */
export interface RowColumn {
  name: string;
  type: ColumnType;
  visible: boolean;
}

/**
 * A value for a person or a file. Integers are numbers, or bigints beyond 2^53; durations are nanoseconds; Bytes are
 * Uint8Array; strings that are not UTF-8 contain U+FFFD; null could not be read.
 */
export type RowValue = number | bigint | boolean | string | Uint8Array | null;

/** One event. */
export interface Row {
  /** ns since the Unix epoch. */
  time: bigint;
  pid: number;
  tid: number;
  ppid: number;
  uid: number;
  gid: number;
  comm: string;
  context: Context;
  cgroup: bigint;
  /** Number of values that were cut at their maximum. */
  truncated: number;
  /** Number of the event, of its probe and epoch. */
  sequence: bigint;
  fields: Record<string, RowValue>;
}

type Reader = (row: number) => RowValue;

/** The events of a batch one by one: for people and files only, everything else works with whole columns. */
export function* rowsOf(batch: Batch, columns: readonly RowColumn[]): Generator<Row, void, undefined> {
  const builtin = (field: number): Reader => readerOf(batch.columns.get(field), 'Uint64');
  const time = batch.columns.get(builtinColumns.time);
  const cgroup = batch.columns.get(builtinColumns.cgroup);
  const pid = builtin(builtinColumns.pid);
  const tid = builtin(builtinColumns.tid);
  const ppid = builtin(builtinColumns.ppid);
  const uid = builtin(builtinColumns.uid);
  const gid = builtin(builtinColumns.gid);
  const comm = readerOf(batch.columns.get(builtinColumns.comm), 'String');
  const context = builtin(builtinColumns.context);
  const truncated = builtin(builtinColumns.truncated);
  const readers = columns.flatMap(({ name, type, visible }, index): [string, Reader][] =>
    visible ? [[name, readerOf(batch.columns.get(firstPointColumn + index), type)]] : [],
  );
  for (let row = 0; row < batch.rows; row++) {
    const fields: Record<string, RowValue> = {};
    for (const [name, read] of readers) fields[name] = read(row);
    yield {
      time: wide(time, row),
      pid: Number(pid(row)),
      tid: Number(tid(row)),
      ppid: Number(ppid(row)),
      uid: Number(uid(row)),
      gid: Number(gid(row)),
      comm: String(comm(row) ?? ''),
      context: contextName(Number(context(row))),
      cgroup: wide(cgroup, row),
      truncated: Number(truncated(row)),
      sequence: batch.firstSequence + BigInt(row),
      fields,
    };
  }
}

function wide(column: BatchColumn | undefined, row: number): bigint {
  if (column === undefined || !('values' in column)) return 0n;
  return BigInt(column.values[row] ?? 0);
}

function readerOf(column: BatchColumn | undefined, type: ColumnType): Reader {
  if (column === undefined) return () => null;
  const read = 'values' in column ? numberReader(column.values, type) : stringReader(column, type);
  const { faults } = column;
  if (faults === undefined) return read;
  return (row) => (((faults[row >> 3] ?? 0) >> (row & 7)) & 1 ? null : read(row));
}

function numberReader(values: Extract<BatchColumn, { values: unknown }>['values'], type: ColumnType): Reader {
  if (type === 'Bool') return (row) => values[row] === 1;
  return (row) => {
    const value = values[row] ?? null;
    if (typeof value !== 'bigint') return value;
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  };
}

function stringReader(column: Extract<BatchColumn, { codes: unknown }>, type: ColumnType): Reader {
  const { codes, dictionary } = column;
  if (type === 'Bytes') return (row) => dictionary.bytes(codes[row] ?? 0);
  return (row) => dictionary.text(codes[row] ?? 0);
}
