import { create } from '@bufbuild/protobuf';
import { ResultChunkSchema, type ResultChunk } from '../../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { ReadChunk, ReadValues } from '../../store/readResult.ts';

/** Messages stay below gRPC's usual limit of 4 MiB, but for single rows that are longer. */
const maxBytes = 2 << 20;

/** A chunk as messages of a bearable size. */
export function chunkMessages(chunk: ReadChunk): ResultChunk[] {
  const bytes = chunk.columns.reduce((sum, { values, ends }) => sum + values.length + ends.length, 0);
  if (bytes <= maxBytes || chunk.rows <= 8) return [create(ResultChunkSchema, chunk)];
  // A multiple of eight: bits of nulls are moved in whole bytes.
  const half = Math.max(8, (chunk.rows >> 4) << 3);
  return [
    ...chunkMessages(sliceChunk(chunk, 0, half)),
    ...chunkMessages(sliceChunk(chunk, half, chunk.rows)),
  ];
}

/** Rows `from` (a multiple of eight) to `to` (exclusive). */
export function sliceChunk({ rows, columns }: ReadChunk, from: number, to: number): ReadChunk {
  return { rows: to - from, columns: columns.map((values) => sliceValues(values, rows, from, to)) };
}

function sliceValues(
  { nulls, values, ends }: ReadValues,
  rows: number,
  from: number,
  to: number,
): ReadValues {
  const slicedNulls = nulls.subarray(from >> 3, (to + 7) >> 3);
  if (ends.length === 0) {
    const width = values.length / rows;
    return { nulls: slicedNulls, values: values.subarray(from * width, to * width), ends };
  }
  const view = new DataView(ends.buffer, ends.byteOffset, ends.byteLength);
  const start = from === 0 ? 0 : view.getUint32(4 * (from - 1), true);
  const end = to === 0 ? 0 : view.getUint32(4 * (to - 1), true);
  const moved = new Uint8Array(4 * (to - from));
  const movedView = new DataView(moved.buffer);
  for (let row = from; row < to; row++) {
    movedView.setUint32(4 * (row - from), view.getUint32(4 * row, true) - start, true);
  }
  return { nulls: slicedNulls, values: values.subarray(start, end), ends: moved };
}
