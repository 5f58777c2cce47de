import type { ReadValues } from '../../store/readResult.ts';

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
  return new DataView(ends.buffer, ends.byteOffset, ends.byteLength).getUint32(4 * row, true);
}
