import type { RowValue } from '../../codec/rowsOf.ts';
import type { ResultChunk, ResultColumn, ResultValues } from '../../rpc/gen/traceprobe/v1/read_pb.ts';

/** The rows of a chunk; as RowValue says, and times are ns since the Unix epoch. */
export function resultRows(columns: readonly ResultColumn[], chunk: ResultChunk): RowValue[][] {
  const readers = chunk.columns.map((values, index) => valueReader(values, columns[index]?.type ?? 'Text'));
  return Array.from({ length: chunk.rows }, (_, row) => readers.map((read) => read(row)));
}

const decoder = new TextDecoder();

function valueReader({ nulls, values, ends }: ResultValues, type: string): (row: number) => RowValue {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const endView = new DataView(ends.buffer, ends.byteOffset, ends.byteLength);
  const bytes = (row: number): Uint8Array =>
    values.subarray(row === 0 ? 0 : endView.getUint32(4 * (row - 1), true), endView.getUint32(4 * row, true));
  const read = ((): ((row: number) => RowValue) => {
    switch (type) {
      case 'Bool':
        return (row) => values[row] === 1;
      case 'Time':
        return (row) => view.getBigInt64(8 * row, true);
      case 'Int64':
      case 'Duration':
        return (row) => shortest(view.getBigInt64(8 * row, true));
      case 'Uint64':
        return (row) => shortest(view.getBigUint64(8 * row, true));
      case 'Float64':
        return (row) => view.getFloat64(8 * row, true);
      case 'Bytes':
        return bytes;
      default:
        return (row) => decoder.decode(bytes(row));
    }
  })();
  return (row) => (((nulls[row >> 3] ?? 0) >> (row & 7)) & 1 ? null : read(row));
}

function shortest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
