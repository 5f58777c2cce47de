import duckdb, { type Vector } from '@duckdb/node-bindings';
import type { BatchColumn } from '../../codec/decodeBatch.ts';
import type { ColumnWriter } from './appendRows.ts';
import { blockRows, type BlockPool } from './blockPool.ts';
import type { SqlType } from './layout.ts';
import { Validity } from './validity.ts';
import type { RowRange } from './watermark.ts';

type FixedType = Exclude<SqlType, 'VARCHAR' | 'BLOB'>;
type Values = (BigInt64Array | BigUint64Array | Float64Array | Uint32Array | Uint16Array | Uint8Array) & {
  readonly buffer: ArrayBuffer;
};

interface ValuesType {
  new (buffer: ArrayBuffer): Values;
  readonly BYTES_PER_ELEMENT: number;
}

const arrays: Record<FixedType, ValuesType> = {
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
  /** Gives its memory back: it is not used any more. */
  release(): void;
}

/** Room for the rows of one column of a table. */
export function columnBuffer(sqlType: SqlType, pool: BlockPool): ColumnBuffer {
  return sqlType === 'VARCHAR' || sqlType === 'BLOB'
    ? new TextBuffer(sqlType)
    : new FixedBuffer(sqlType, pool);
}

/** Up to so many rows a column grows by doubling: most tables get few in a commit. */
const smallRows = 2048;

/** Numbers and codes. */
export class FixedBuffer implements ColumnBuffer {
  readonly sqlType: FixedType;
  readonly #pool: BlockPool;
  /** Of blockRows each; the only one may be smaller. */
  readonly #blocks: Values[];
  readonly #validity = new Validity();

  constructor(sqlType: FixedType, pool: BlockPool) {
    this.sqlType = sqlType;
    this.#pool = pool;
    this.#blocks = [];
  }

  add(at: number, column: BatchColumn, range: RowRange, codes: Uint32Array | undefined): void {
    const { from, to } = range;
    if (codes) {
      const batchCodes = ('values' in column ? column.values : column.codes) as CodeArray;
      this.#eachPart(at, to - from, (values, offset, done, rows) => {
        mapCodes(values as Uint32Array, offset, batchCodes, from + done, rows, codes);
      });
    } else if (!('values' in column)) {
      this.addNulls(at, to - from);
    } else {
      const source = this.sqlType === 'BOOLEAN' ? booleans(column.values as Uint8Array) : column.values;
      this.#eachPart(at, to - from, (values, offset, done, rows) => {
        values.set(source.subarray(from + done, from + done + rows) as never, offset);
      });
    }
    if (column.faults) this.#validity.addFaults(at, column.faults, range);
  }

  addNulls(at: number, rows: number): void {
    this.#eachPart(at, rows, (values, offset, _, count) => {
      const { buffer, byteOffset, BYTES_PER_ELEMENT: width } = values;
      new Uint8Array(buffer, byteOffset + offset * width, count * width).fill(0);
    });
    for (let row = at; row < at + rows; row++) this.#validity.clear(row);
  }

  /** Adds rows of one value; of UINTEGER or USMALLINT. */
  addConstant(at: number, value: number, rows: number): void {
    this.#eachPart(at, rows, (values, offset, _, count) => {
      values.fill(value as never, offset, offset + count);
    });
  }

  /** Adds rows that count up by one; of UBIGINT. */
  addSequence(at: number, first: bigint, rows: number): void {
    this.#eachPart(at, rows, (values, offset, done, count) => {
      countUp(values, offset, first + BigInt(done), count);
    });
  }

  write(vector: Vector, from: number, rows: number): void {
    const values = this.#blocks[Math.floor(from / blockRows)];
    if (values === undefined) throw new RangeError(`there is no row ${from}`);
    const { buffer, BYTES_PER_ELEMENT: width } = values;
    duckdb.copy_data_to_vector(vector, 0, buffer, (from % blockRows) * width, rows * width);
    this.#validity.write(vector, from, rows);
  }

  release(): void {
    for (const { buffer, length } of this.#blocks.splice(0)) {
      if (length === blockRows) this.#pool.give(buffer);
    }
  }

  /**
   * Makes room for rows, and hands over where they go: `rows` from `offset` of `values`, which are those behind the
   * first `done`.
   */
  #eachPart(
    at: number,
    rows: number,
    put: (values: Values, offset: number, done: number, rows: number) => void,
  ): void {
    for (let done = 0; done < rows;) {
      const offset = (at + done) % blockRows;
      const count = Math.min(rows - done, blockRows - offset);
      put(this.#block(Math.floor((at + done) / blockRows), offset + count), offset, done, count);
      done += count;
    }
  }

  #block(index: number, rows: number): Values {
    const block = this.#blocks[index];
    if (block !== undefined && rows <= block.length) return block;
    const type = arrays[this.sqlType];
    const width = type.BYTES_PER_ELEMENT;
    const isSmall = index === 0 && rows <= smallRows;
    const grown = new type(
      isSmall
        ? new ArrayBuffer(width * Math.max(64, rows, 2 * (block?.length ?? 0)))
        : this.#pool.take(width * blockRows),
    );
    if (block) grown.set(block as never);
    this.#blocks[index] = grown;
    return grown;
  }
}

type CodeArray = Uint8Array | Uint16Array | Uint32Array;

/** Translates a batch's codes; by itself, so that it is compiled for whole numbers alone. */
function mapCodes(
  to: Uint32Array,
  at: number,
  codes: CodeArray,
  from: number,
  rows: number,
  map: Uint32Array,
): void {
  for (let row = 0; row < rows; row++) to[at + row] = map[codes[from + row] ?? 0] ?? 0;
}

/** Numbers from `first` on, in halves: a bigint a row would be an object a row. */
function countUp(to: Values, at: number, first: bigint, rows: number): void {
  const halves = new Uint32Array(to.buffer, to.byteOffset + 8 * at, 2 * rows);
  let low = Number(first & 0xffff_ffffn);
  let high = Number(first >> 32n);
  for (let row = 0; row < rows; row++) {
    halves[2 * row] = low;
    halves[2 * row + 1] = high;
    if (++low === 2 ** 32) {
      low = 0;
      high++;
    }
  }
}

/** Any other byte than 0 and 1 is no boolean to DuckDB. */
function booleans(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte === 0 ? 0 : 1));
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

  release(): void {
    this.#values.length = 0;
  }
}
