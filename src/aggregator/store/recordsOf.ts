import type { ReadChunk, ReadColumn, ReadValue, ReadValues } from './readResult.ts';

const decoder = new TextDecoder();

/** Rows of a chunk as records: for small results. */
export function recordsOf(columns: readonly ReadColumn[], chunk: ReadChunk): Record<string, ReadValue>[] {
  const readers = columns.map(({ name, type }, index) => {
    const values = chunk.columns[index];
    if (values === undefined) throw new RangeError(`a chunk without column ${index}`);
    return [name, valueReader(type, values)] as const;
  });
  return Array.from({ length: chunk.rows }, (_, row) =>
    Object.fromEntries(readers.map(([name, read]) => [name, read(row)])),
  );
}

function valueReader(
  type: ReadColumn['type'],
  { nulls, values, ends }: ReadValues,
): (row: number) => ReadValue {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const endsView = new DataView(ends.buffer, ends.byteOffset, ends.byteLength);
  const bytes = (row: number): Uint8Array =>
    values.subarray(
      row === 0 ? 0 : endsView.getUint32(4 * (row - 1), true),
      endsView.getUint32(4 * row, true),
    );
  const read: Record<ReadColumn['type'], (row: number) => ReadValue> = {
    Bool: (row) => values[row] === 1,
    Int64: (row) => view.getBigInt64(8 * row, true),
    Uint64: (row) => view.getBigUint64(8 * row, true),
    Float64: (row) => view.getFloat64(8 * row, true),
    Time: (row) => view.getBigInt64(8 * row, true),
    String: (row) => decoder.decode(bytes(row)),
    Text: (row) => decoder.decode(bytes(row)),
    Bytes: bytes,
  };
  const of = read[type];
  return (row) => (nulls.length > 0 && ((nulls[row >> 3] ?? 0) >> (row & 7)) & 1 ? null : of(row));
}
