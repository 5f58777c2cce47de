import type { ReadChunk, ReadValues } from '../../store/readResult.ts';

/** The first rows of a chunk. */
export function cutChunk({ rows, columns }: ReadChunk, wanted: number): ReadChunk {
  if (wanted >= rows) return { rows, columns };
  return {
    rows: wanted,
    columns: columns.map(({ nulls, values, ends }) => ({
      nulls: nulls.subarray(0, (wanted + 7) >> 3),
      values: values.subarray(0, ends.length > 0 ? endOf(ends, wanted - 1) : (values.length / rows) * wanted),
      ends: ends.subarray(0, 4 * wanted),
    })),
  };
}

/** A value as text that SQL can read: integers and times in decimal; null for NULL. */
export function valueText({ nulls, values, ends }: ReadValues, type: string, row: number): string | null {
  if (((nulls[row >> 3] ?? 0) >> (row & 7)) & 1) return null;
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  switch (type) {
    case 'Bool':
      return values[row] === 1 ? 'true' : 'false';
    case 'Int64':
    case 'Duration':
    case 'Time':
      return String(view.getBigInt64(8 * row, true));
    case 'Uint64':
      return String(view.getBigUint64(8 * row, true));
    case 'Float64':
      return String(view.getFloat64(8 * row, true));
    default:
      return new TextDecoder().decode(
        values.subarray(row === 0 ? 0 : endOf(ends, row - 1), endOf(ends, row)),
      );
  }
}

function endOf(ends: Uint8Array, row: number): number {
  if (row < 0) return 0;
  return new DataView(ends.buffer, ends.byteOffset, ends.byteLength).getUint32(4 * row, true);
}
