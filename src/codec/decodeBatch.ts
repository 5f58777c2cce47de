import { loadAddon } from '../native/loadAddon.ts';
import type { ColumnType } from '../probe/plan.ts';
import { DecodeError } from './decodeError.ts';
import { Dictionary } from './dictionary.ts';

/** Events lost between capture and a batch, beside what the kernel counts: see Loss in events.proto. */
export interface BatchLoss {
  spool: bigint;
  gap: bigint;
  backlog: bigint;
  malformed: bigint;
}

/** What an EventBatch says about itself: see events.proto. */
export interface BatchHead {
  probeUid: string;
  generation: bigint;
  epoch: Buffer;
  firstSequence: bigint;
  rows: number;
  /** Index of the point in spec.points. */
  schema: number;
  filtered: bigint;
  loss: BatchLoss;
}

export interface BatchWorkload {
  cgroup: bigint;
  namespace: string;
  pod: string;
  podUid: string;
  container: string;
}

export type NumberArray =
  BigInt64Array | BigUint64Array | Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** Column.field of what every event has; those of the point's own columns are firstPointColumn + index. */
export const builtinColumns = {
  time: 1,
  pid: 2,
  tid: 3,
  ppid: 4,
  uid: 5,
  gid: 6,
  comm: 7,
  context: 8,
  workload: 9,
  cgroup: 10,
  truncated: 11,
} as const;
export const firstPointColumn = 16;

/**
 * Values by row. Int64, Duration (ns) and time (ns since the Unix epoch): BigInt64Array. Uint64 and cgroup:
 * BigUint64Array. Float64: Float64Array. Bool: Uint8Array of 0 and 1. Ids: Uint32Array. context and truncated:
 * Uint16Array.
 */
export interface NumberColumn {
  field: number;
  values: NumberArray;
  /** Bit (row % 8) of byte (row / 8): the value could not be read. Left out: all could. */
  faults: Uint8Array | undefined;
}

/** String, Bytes, Ip, Path and comm: the dictionary's code of each row. */
export interface StringColumn {
  field: number;
  codes: Uint8Array | Uint16Array | Uint32Array;
  dictionary: Dictionary;
  faults: Uint8Array | undefined;
}

export type BatchColumn = NumberColumn | StringColumn;

export interface Batch extends BatchHead {
  workloads: BatchWorkload[];
  /** By Column.field. */
  columns: Map<number, BatchColumn>;
}

interface NativeColumn {
  field: number;
  faults?: Uint8Array;
  values?: NumberArray;
  codes?: Uint8Array | Uint16Array | Uint32Array;
  dictionary?: Uint8Array;
  ends?: Uint32Array;
}

interface Failure {
  failure: string;
}

/** What build/Release/codec.node exports of native/codec/batch_object.h. */
interface Codec {
  decodeHead(bytes: Uint8Array): BatchHead | Failure;
  decode(
    bytes: Uint8Array,
    columnTypes: readonly ColumnType[],
  ): (BatchHead & { workloads: BatchWorkload[]; columns: NativeColumn[] }) | Failure;
}

let codec: Codec | undefined;

function loadCodec(): Codec {
  return (codec ??= loadAddon('codec') as Codec);
}

/**
 * The head of an EventBatch, without looking at its columns: enough to know whose it is.
 *
 * @throws DecodeError
 */
export function decodeHead(bytes: Uint8Array): BatchHead {
  const decoded = loadCodec().decodeHead(bytes);
  if ('failure' in decoded) throw new DecodeError(decoded.failure, bytes.length);
  return decoded;
}

/**
 * Takes an EventBatch apart into whole columns, which do not depend on its bytes any more.
 *
 * @param columnTypes of all of the point's columns (PointPlan.columns), the invisible ones too
 * @throws DecodeError when the bytes are no consistent batch or its columns do not fit the types
 */
export function decodeBatch(bytes: Uint8Array, columnTypes: readonly ColumnType[]): Batch {
  const decoded = loadCodec().decode(bytes, columnTypes);
  if ('failure' in decoded) throw new DecodeError(decoded.failure, bytes.length);
  const columns = new Map(decoded.columns.map((column) => [column.field, toColumn(column)]));
  return { ...decoded, columns };
}

function toColumn({ field, faults, values, codes, dictionary, ends }: NativeColumn): BatchColumn {
  if (values) return { field, values, faults };
  if (codes && dictionary && ends)
    return { field, codes, dictionary: new Dictionary(dictionary, ends), faults };
  throw new TypeError(`column ${field} came without values`);
}
