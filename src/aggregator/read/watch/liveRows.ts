import { create } from '@bufbuild/protobuf';
import {
  builtinColumns,
  decodeBatch,
  firstPointColumn,
  type Batch,
  type BatchColumn,
} from '../../../codec/decodeBatch.ts';
import { evaluateFilter } from '../../../probe/cel/evaluate.ts';
import type { ConstantValue, Term } from '../../../probe/cel/term.ts';
import { CONTEXTS } from '../../../probe/contexts.ts';
import type { ColumnType } from '../../../probe/plan.ts';
import { ResultHeaderSchema, type ResultHeader } from '../../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { LiveBatch, LivePoint } from '../../live.ts';
import type { ReadChunk, ReadValues } from '../../store/readResult.ts';

/** A column as watching shows it. */
interface LiveColumn {
  name: string;
  type: ColumnType | 'Time';
  enumNames?: Record<string, string>;
  reader: (batch: Batch, node: string) => (row: number) => ConstantValue | undefined;
}

const encoder = new TextEncoder();
const nothing = new Uint8Array();

/** Types of all columns of a point, as its schema says. */
function columnTypes({ columns }: LivePoint): ColumnType[] {
  return columns.map(({ type }) => type as ColumnType);
}

const text = (name: string, reader: LiveColumn['reader']): LiveColumn => ({ name, type: 'String', reader });
const id = (name: 'pid' | 'tid' | 'ppid' | 'uid' | 'gid' | 'truncated'): LiveColumn => ({
  name,
  type: 'Uint64',
  reader: (batch) => {
    const read = valueReader(batch.columns.get(builtinColumns[name]));
    return (row) => read(row) ?? (name === 'truncated' ? 0n : undefined);
  },
});
const workload = (field: 'namespace' | 'pod' | 'container'): LiveColumn =>
  text(`k8s.${field}`, ({ columns, workloads }) => {
    const codes = valueReader(columns.get(builtinColumns.workload));
    const texts = workloads.map((each) => encoder.encode(each[field]));
    return (row) => texts[Number(codes(row) ?? 0n) - 1];
  });

/** The columns of a point, in the order that queries show them. */
export function liveColumns(point: LivePoint): LiveColumn[] {
  return [
    { name: 'time', type: 'Time', reader: ({ columns }) => valueReader(columns.get(builtinColumns.time)) },
    text('node', (_batch, node) => {
      const name = encoder.encode(node);
      return () => name;
    }),
    ...(['pid', 'tid', 'ppid', 'uid', 'gid'] as const).map(id),
    text('comm', ({ columns }) => valueReader(columns.get(builtinColumns.comm))),
    text('context', ({ columns }) => {
      const contexts = valueReader(columns.get(builtinColumns.context));
      const names = CONTEXTS.map((name) => encoder.encode(name));
      return (row) => {
        const context = contexts(row);
        return context === undefined ? undefined : names[Number(context)];
      };
    }),
    ...(['namespace', 'pod', 'container'] as const).map(workload),
    ...point.columns.flatMap(({ name, type, visible, enumNames }, index): LiveColumn[] =>
      visible
        ? [
            {
              name,
              type: type as ColumnType,
              enumNames,
              reader: ({ columns }) => valueReader(columns.get(firstPointColumn + index), type === 'Bool'),
            },
          ]
        : [],
    ),
    id('truncated'),
  ];
}

/** What readers are told before rows of a point. */
export function liveHeader(point: LivePoint): ResultHeader {
  const columns = liveColumns(point).map(({ name, type, enumNames = {} }) => ({ name, type, enumNames }));
  return create(ResultHeaderSchema, {
    columns,
    probe: point.probeName,
    point: point.pointName,
    generation: point.generation,
  });
}

/** A batch's rows for which a filter holds; of rows and columns as queries have them. */
export function liveRows(
  { bytes, point, firstRow, nodeName }: LiveBatch,
  filter: readonly Term[],
): ReadChunk {
  const batch = decodeBatch(bytes, columnTypes(point));
  const columns = liveColumns(point);
  const readers = new Map(columns.map(({ name, reader }) => [name, reader(batch, nodeName)]));
  const rows: number[] = [];
  for (let row = firstRow; row < batch.rows; row++) {
    // An event outside all pods has empty names in filters, and none in results.
    const value = (key: string): ConstantValue | undefined =>
      readers.get(key)?.(row) ?? (key.startsWith('k8s.') ? nothing : undefined);
    if (filter.every((term) => evaluateFilter(term, ({ key }) => value(key)))) rows.push(row);
  }
  return {
    rows: rows.length,
    columns: columns.map(({ name, type }) =>
      encodeValues(type, rows, readers.get(name) ?? (() => undefined)),
    ),
  };
}

function valueReader(
  column: BatchColumn | undefined,
  bool = false,
): (row: number) => ConstantValue | undefined {
  if (column === undefined) return () => undefined;
  const { faults } = column;
  const faulted = (row: number): boolean => (((faults?.[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
  if ('codes' in column) {
    const { codes, dictionary } = column;
    return (row) => (faulted(row) ? undefined : dictionary.bytes(codes[row] ?? 0));
  }
  const { values } = column;
  if (bool) return (row) => (faulted(row) ? undefined : values[row] === 1);
  if (values instanceof Float64Array) return (row) => (faulted(row) ? undefined : values[row]);
  return (row) => (faulted(row) ? undefined : BigInt(values[row] ?? 0));
}

function encodeValues(
  type: LiveColumn['type'],
  rows: readonly number[],
  read: (row: number) => ConstantValue | undefined,
): ReadValues {
  const nulls = new Uint8Array((rows.length + 7) >> 3);
  const setNull = (index: number): void => {
    nulls[index >> 3] = (nulls[index >> 3] ?? 0) | (1 << (index & 7));
  };
  const encoded = ['Int64', 'Uint64', 'Float64', 'Duration', 'Time', 'Bool'].includes(type)
    ? encodeNumbers(type, rows, read, setNull)
    : encodeTexts(rows, read, setNull);
  return { nulls: nulls.some((bits) => bits !== 0) ? nulls : nothing, ...encoded };
}

function encodeNumbers(
  type: LiveColumn['type'],
  rows: readonly number[],
  read: (row: number) => ConstantValue | undefined,
  setNull: (index: number) => void,
): Omit<ReadValues, 'nulls'> {
  const width = type === 'Bool' ? 1 : 8;
  const values = new Uint8Array(width * rows.length);
  const view = new DataView(values.buffer);
  for (const [index, row] of rows.entries()) {
    const value = read(row);
    if (typeof value === 'bigint') view.setBigUint64(8 * index, BigInt.asUintN(64, value), true);
    else if (typeof value === 'number') view.setFloat64(8 * index, value, true);
    else if (typeof value === 'boolean') values[index] = value ? 1 : 0;
    else setNull(index);
  }
  return { values, ends: nothing };
}

function encodeTexts(
  rows: readonly number[],
  read: (row: number) => ConstantValue | undefined,
  setNull: (index: number) => void,
): Omit<ReadValues, 'nulls'> {
  const parts: Uint8Array[] = [];
  const ends = new Uint8Array(4 * rows.length);
  const view = new DataView(ends.buffer);
  let end = 0;
  for (const [index, row] of rows.entries()) {
    const value = read(row);
    if (value instanceof Uint8Array) {
      parts.push(value);
      end += value.length;
    } else setNull(index);
    view.setUint32(4 * index, end, true);
  }
  return { values: Buffer.concat(parts), ends };
}
