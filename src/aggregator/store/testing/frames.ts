import { create, toBinary } from '@bufbuild/protobuf';
import { builtinColumns, firstPointColumn } from '../../../codec/decodeBatch.ts';
import { EventBatchSchema } from '../../../rpc/gen/traceprobe/v1/events_pb.ts';
import type { EngineOptions } from '../storeEngine.ts';
import type { PointDescription, StoreFrame } from '../frame.ts';

/** For tests: a store with room for everything. */
export function engineOptions(path: string, changes: Partial<EngineOptions> = {}): EngineOptions {
  return {
    path,
    memoryLimit: 256 * 2 ** 20,
    threads: 1,
    diskReserve: 0,
    commitMs: 5,
    maxAgeMs: 24 * 3_600_000,
    maxBytes: 2 ** 40,
    deletedGraceMs: 3_600_000,
    walBytes: 2 ** 30,
    retentionMs: 3_600_000,
    supersededMs: 3_600_000,
    silentMs: 30 * 24 * 3_600_000,
    ...changes,
  };
}

export const epoch = '0102';

/** A point with the columns n (Int64) and path (Path). */
export function describe(changes: Partial<PointDescription> = {}): PointDescription {
  return {
    probeUid: 'uid-1',
    probeName: 'opens',
    generation: 1n,
    point: 0,
    pointName: 'open',
    columns: [
      { name: 'n', type: 'Int64', visible: true, enumNames: {} },
      { name: 'path', type: 'Path', visible: true, enumNames: {} },
    ],
    maxAgeMs: 0,
    maxBytes: 0,
    ...changes,
  };
}

export interface TestBatch {
  first: number;
  rows: number;
  point?: PointDescription;
  filtered?: number;
  /** Path of each row, by its number; default "/tmp/<number % 10>". */
  path?: (number: number) => string;
  epoch?: string;
}

/** A batch whose column n is each event's number. */
export function batchOf({
  first,
  rows,
  point = describe(),
  filtered = 0,
  path,
  epoch: of = epoch,
}: TestBatch): Uint8Array {
  const numbers = new Uint8Array(8 * rows);
  const view = new DataView(numbers.buffer);
  for (let row = 0; row < rows; row++) view.setBigUint64(8 * row, BigInt(first + row), true);
  const texts = Array.from({ length: rows }, (_, row) => path?.(first + row) ?? `/tmp/${(first + row) % 10}`);
  const distinct = [...new Set(texts)];
  const codeOf = new Map(distinct.map((text, code) => [text, code]));
  const codes = Uint32Array.from(texts, (text) => codeOf.get(text) ?? 0);
  const encoded = distinct.map((text) => Buffer.from(text));
  let end = 0;
  const ends = new Uint32Array(encoded.map(({ length }) => (end += length)));
  const bytes = (array: Uint32Array): Uint8Array => new Uint8Array(array.buffer, 0, array.byteLength);
  const comm = { dictionary: Buffer.from('cat'), dictionaryOffsets: Uint8Array.of(3, 0, 0, 0) };
  return toBinary(
    EventBatchSchema,
    create(EventBatchSchema, {
      probeUid: point.probeUid,
      generation: point.generation,
      epoch: Buffer.from(of, 'hex'),
      firstSequence: BigInt(first),
      rows,
      schema: point.point,
      filtered: BigInt(filtered),
      workloads: [{ cgroup: 7n, namespace: 'shop', pod: 'web-0', podUid: 'pod-1', container: 'nginx' }],
      columns: [
        { field: builtinColumns.time, width: 8, values: numbers, base: 1_700_000_000_000_000_000n },
        { field: builtinColumns.pid, base: 42n },
        { field: builtinColumns.comm, ...comm },
        { field: builtinColumns.workload, base: 1n },
        { field: firstPointColumn, width: 8, values: numbers },
        {
          field: firstPointColumn + 1,
          width: 4,
          values: bytes(codes),
          dictionary: Buffer.concat(encoded),
          dictionaryOffsets: bytes(ends),
        },
      ],
    }),
  );
}

/** A frame of one node. */
export function frameOf(
  number: number,
  batches: readonly TestBatch[],
  changes: Partial<StoreFrame> = {},
): StoreFrame {
  const points = new Set(batches.map(({ point }) => point ?? describe()));
  return {
    stream: 1,
    nodeUid: 'node-1',
    node: 'worker',
    epoch,
    number: BigInt(number),
    schemas: [...points],
    accounts: [],
    batches: batches.map((batch) => batchOf(batch)),
    ...changes,
  };
}
