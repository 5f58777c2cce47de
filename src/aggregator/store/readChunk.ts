import duckdb, { type Vector } from '@duckdb/node-bindings';
import { DuckDBTypeId, type DuckDBDataChunk, type DuckDBType } from '@duckdb/node-api';
import type { ReadChunk, ReadColumn, ReadValues } from './readResult.ts';

/** How a type of DuckDB's is read: as fixed values of `width` bytes that become `type`, or as bytes. */
interface Reading {
  type: ReadColumn['type'];
  /** Makes eight bytes a row of a vector's; left out: strings. */
  widen?: (bytes: Uint8Array<ArrayBuffer>) => BigInt64Array | BigUint64Array | Float64Array | Uint8Array;
  width: number;
}

type Signed = Int8Array | Int16Array | Int32Array;
type Unsigned = Uint8Array | Uint16Array | Uint32Array;

function signed(Array: new (buffer: ArrayBuffer) => Signed, width: number): Reading {
  return { type: 'Int64', width, widen: ({ buffer }) => BigInt64Array.from(new Array(buffer), BigInt) };
}

function unsigned(Array: new (buffer: ArrayBuffer) => Unsigned, width: number): Reading {
  return { type: 'Uint64', width, widen: ({ buffer }) => BigUint64Array.from(new Array(buffer), BigInt) };
}

function time(nanoseconds: bigint): Reading {
  return {
    type: 'Time',
    width: 8,
    widen: ({ buffer }) => {
      const values = new BigInt64Array(buffer);
      return nanoseconds === 1n ? values : values.map((value) => value * nanoseconds);
    },
  };
}

const readings: Partial<Record<DuckDBTypeId, Reading>> = {
  [DuckDBTypeId.BOOLEAN]: { type: 'Bool', width: 1, widen: (bytes) => bytes },
  [DuckDBTypeId.TINYINT]: signed(Int8Array, 1),
  [DuckDBTypeId.SMALLINT]: signed(Int16Array, 2),
  [DuckDBTypeId.INTEGER]: signed(Int32Array, 4),
  [DuckDBTypeId.BIGINT]: { type: 'Int64', width: 8, widen: (bytes) => bytes },
  [DuckDBTypeId.UTINYINT]: unsigned(Uint8Array, 1),
  [DuckDBTypeId.USMALLINT]: unsigned(Uint16Array, 2),
  [DuckDBTypeId.UINTEGER]: unsigned(Uint32Array, 4),
  [DuckDBTypeId.UBIGINT]: { type: 'Uint64', width: 8, widen: (bytes) => bytes },
  [DuckDBTypeId.FLOAT]: {
    type: 'Float64',
    width: 4,
    widen: ({ buffer }) => Float64Array.from(new Float32Array(buffer)),
  },
  [DuckDBTypeId.DOUBLE]: { type: 'Float64', width: 8, widen: (bytes) => bytes },
  [DuckDBTypeId.TIMESTAMP_S]: time(1_000_000_000n),
  [DuckDBTypeId.TIMESTAMP_MS]: time(1_000_000n),
  [DuckDBTypeId.TIMESTAMP]: time(1000n),
  [DuckDBTypeId.TIMESTAMP_TZ]: time(1000n),
  [DuckDBTypeId.TIMESTAMP_NS]: time(1n),
  [DuckDBTypeId.VARCHAR]: { type: 'String', width: 16 },
  [DuckDBTypeId.BLOB]: { type: 'Bytes', width: 16 },
};

/** What a reader sees of a column of a result. */
export function readColumn(name: string, type: DuckDBType): ReadColumn {
  return { name, type: readings[type.typeId]?.type ?? 'Text', sqlType: type.toString() };
}

/** Copies a chunk of a result to where it can be kept and sent. */
export function readChunk(chunk: DuckDBDataChunk, types: readonly DuckDBType[]): ReadChunk {
  const rows = chunk.rowCount;
  const columns = types.map((type, index): ReadValues => {
    const reading = readings[type.typeId];
    if (reading === undefined) return readTexts(chunk.getColumnValues(index));
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, index);
    const nulls = readNulls(vector, rows);
    const data = duckdb.vector_get_data(vector, rows * reading.width);
    if (reading.widen === undefined) return { nulls, ...readStrings(data, rows, nulls) };
    const values = reading.widen(Uint8Array.from(data));
    const bytes = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
    return { nulls, values: bytes, ends: new Uint8Array() };
  });
  return { rows, columns };
}

function readNulls(vector: Vector, rows: number): Uint8Array {
  const bytes = Math.ceil(rows / 8);
  // Whole words of 64 rows; null where every row has a value.
  const validity = duckdb.vector_get_validity(vector, 8 * Math.ceil(rows / 64)) as Uint8Array | null;
  const nulls = new Uint8Array(bytes);
  if (validity === null) return new Uint8Array();
  let any = 0;
  for (let i = 0; i < bytes; i++) {
    const inLast = i === bytes - 1 && rows % 8 !== 0 ? (1 << (rows % 8)) - 1 : 0xff;
    nulls[i] = ~(validity[i] ?? 0xff) & inLast;
    any |= nulls[i] ?? 0;
  }
  return any === 0 ? new Uint8Array() : nulls;
}

function isNull(nulls: Uint8Array, row: number): boolean {
  return nulls.length > 0 && (((nulls[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

/** Longest string that lies in the vector itself: struct duckdb_string_t. */
const inlined = 12;

function readStrings(data: Uint8Array, rows: number, nulls: Uint8Array): Omit<ReadValues, 'nulls'> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const ends = new Uint32Array(rows);
  let end = 0;
  for (let row = 0; row < rows; row++)
    ends[row] = end += isNull(nulls, row) ? 0 : view.getUint32(16 * row, true);
  const values = new Uint8Array(end);
  let start = 0;
  for (let row = 0; row < rows; row++) {
    const length = (ends[row] ?? 0) - start;
    if (length === 0) continue;
    const at = 16 * row;
    const bytes =
      length <= inlined
        ? data.subarray(at + 4, at + 4 + length)
        : duckdb.get_data_from_pointer(data.buffer as ArrayBuffer, data.byteOffset + at + 8, length);
    values.set(bytes, start);
    start += length;
  }
  return { values, ends: new Uint8Array(ends.buffer) };
}

function readTexts(items: readonly unknown[]): ReadValues {
  const nulls = new Uint8Array(Math.ceil(items.length / 8));
  const texts = items.map((item, row) => {
    if (item !== null && item !== undefined) return Buffer.from(textOf(item));
    nulls[row >> 3] = (nulls[row >> 3] ?? 0) | (1 << (row & 7));
    return Buffer.alloc(0);
  });
  let end = 0;
  const ends = Uint32Array.from(texts, ({ length }) => (end += length));
  return { nulls, values: new Uint8Array(Buffer.concat(texts)), ends: new Uint8Array(ends.buffer) };
}

/** Values of DuckDB's own types know how they are written. */
function textOf(item: unknown): string {
  return typeof item === 'object' && item !== null
    ? (item as { toString(): string }).toString()
    : String(item);
}
