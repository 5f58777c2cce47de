import duckdb, { type Vector } from '@duckdb/node-bindings';
import type { BatchColumn } from '../../codec/decodeBatch.ts';
import type { ColumnWriter } from './appendRows.ts';
import type { SqlType } from './layout.ts';
import { Validity } from './validity.ts';
import type { RowRange } from './watermark.ts';

type FixedType = Exclude<SqlType, 'VARCHAR' | 'BLOB'>;
type Values = (BigInt64Array | BigUint64Array | Float64Array | Uint32Array | Uint16Array | Uint8Array) & {
  readonly buffer: ArrayBuffer;
};

const arrays: Record<FixedType, new (length: number) => Values> = {
  TIMESTAMP_NS: BigInt64Array,
  BIGINT: BigInt64Array,
  UBIGINT: BigUint64Array,
  DOUBLE: Float64Array,
  UINTEGER: Uint32Array,
  USMALLINT: Uint16Array,
  BOOLEAN: Uint8Array,
};

/** Values of one column of a table, in rows that are not written yet. */
export interface ColumnBuffer extends ColumnWriter {
  /**
   * Adds rows of a batch.
   *
   * @param at how many rows there are
   * @param codes for a column of codes: what the batch's codes are in the slice
   */
  add(at: number, column: BatchColumn, range: RowRange, codes: Uint32Array | undefined): void;
  /** Adds rows of which nothing is known. */
  addNulls(at: number, rows: number): void;
}

/** Room for the rows of one column of a table. */
export function columnBuffer(sqlType: SqlType): ColumnBuffer {
  return sqlType === 'VARCHAR' || sqlType === 'BLOB' ? new TextBuffer(sqlType) : new FixedBuffer(sqlType);
}

/** Numbers and codes. */
export class FixedBuffer implements ColumnBuffer {
  readonly sqlType: FixedType;
  #values: Values;
  readonly #validity = new Validity();

  constructor(sqlType: FixedType) {
    this.sqlType = sqlType;
    this.#values = new arrays[sqlType](64);
  }

  add(at: number, column: BatchColumn, range: RowRange, codes: Uint32Array | undefined): void {
    const { from, to } = range;
    const values = this.#room(at + to - from);
    if (codes) {
      const batchCodes = 'values' in column ? column.values : column.codes;
      const offset = at - from;
      for (let row = from; row < to; row++) values[offset + row] = codes[Number(batchCodes[row])] ?? 0;
    } else if (!('values' in column)) {
      this.addNulls(at, to - from);
    } else if (this.sqlType === 'BOOLEAN') {
      // Any other byte than 0 and 1 is no boolean to DuckDB.
      for (let row = from; row < to; row++) values[at + row - from] = column.values[row] ? 1 : 0;
    } else {
      values.set(column.values.subarray(from, to) as never, at);
    }
    if (column.faults) this.#validity.addFaults(at, column.faults, range);
  }

  addNulls(at: number, rows: number): void {
    this.#room(at + rows);
    for (let row = at; row < at + rows; row++) this.#validity.clear(row);
  }

  /** Adds rows of one value; of UINTEGER. */
  addConstant(at: number, value: number, rows: number): void {
    this.#room(at + rows).fill(value as never, at, at + rows);
  }

  /** Adds rows that count up by one; of UBIGINT. */
  addSequence(at: number, first: bigint, rows: number): void {
    const values = this.#room(at + rows);
    for (let row = 0; row < rows; row++) values[at + row] = first + BigInt(row);
  }

  write(vector: Vector, from: number, rows: number): void {
    const { buffer, BYTES_PER_ELEMENT: width } = this.#values;
    duckdb.copy_data_to_vector(vector, 0, buffer, from * width, rows * width);
    this.#validity.write(vector, from, rows);
  }

  #room(rows: number): Values {
    if (rows > this.#values.length) {
      const grown = new arrays[this.sqlType](Math.max(rows, 2 * this.#values.length));
      grown.set(this.#values as never);
      this.#values = grown;
    }
    return this.#values;
  }
}

/** Strings in the table itself. */
class TextBuffer implements ColumnBuffer {
  readonly sqlType: 'VARCHAR' | 'BLOB';
  readonly #values: (Uint8Array | string)[] = [];
  readonly #validity = new Validity();

  constructor(sqlType: 'VARCHAR' | 'BLOB') {
    this.sqlType = sqlType;
  }

  add(at: number, column: BatchColumn, range: RowRange): void {
    if (!('codes' in column)) {
      this.addNulls(at, range.to - range.from);
      return;
    }
    const { codes, dictionary, faults } = column;
    for (let row = range.from; row < range.to; row++) {
      // A value that could not be read has code 0, also of a dictionary that is empty.
      const faulted = faults !== undefined && ((faults[row >> 3] ?? 0) >> (row & 7)) & 1;
      const code = codes[row] ?? 0;
      if (faulted) this.#values.push('');
      else this.#values.push(this.sqlType === 'BLOB' ? dictionary.bytes(code) : dictionary.text(code));
    }
    if (faults) this.#validity.addFaults(at, faults, range);
  }

  addNulls(at: number, rows: number): void {
    for (let row = at; row < at + rows; row++) {
      this.#values.push('');
      this.#validity.clear(row);
    }
  }

  write(vector: Vector, from: number, rows: number): void {
    for (let row = 0; row < rows; row++) {
      const value = this.#values[from + row] ?? '';
      const bytes = typeof value === 'string' ? Buffer.from(value) : value;
      duckdb.vector_assign_string_element_len(vector, row, bytes);
    }
    this.#validity.write(vector, from, rows);
  }
}
