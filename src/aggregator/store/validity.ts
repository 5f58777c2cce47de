import duckdb, { type Vector } from '@duckdb/node-bindings';
import type { RowRange } from './watermark.ts';

/** Which rows are not NULL, as DuckDB has it: bit (row % 8) of byte (row / 8). */
export class Validity {
  /** Undefined, and behind its end: no row is NULL. */
  #bits: Uint8Array | undefined;

  /** Makes rows NULL whose bit in a batch's `faults` is set; the range's first row is row `at` here. */
  addFaults(at: number, faults: Uint8Array, { from, to }: RowRange): void {
    for (let row = from; row < to; row++) {
      if (((faults[row >> 3] ?? 0) >> (row & 7)) & 1) this.clear(at + row - from);
    }
  }

  /** Makes a row NULL. */
  clear(row: number): void {
    const byte = row >> 3;
    let bits = this.#bits;
    if (bits === undefined || byte >= bits.length) {
      const grown = new Uint8Array(Math.max(256, 2 * (byte + 1))).fill(0xff);
      if (bits) grown.set(bits);
      this.#bits = bits = grown;
    }
    bits[byte] = (bits[byte] ?? 0xff) & ~(1 << (row & 7));
  }

  /** Copies to a vector of DuckDB's; `from` is a multiple of 8. */
  write(vector: Vector, from: number, rows: number): void {
    const bits = this.#bits;
    const first = from >> 3;
    if (bits === undefined || first >= bits.length) return;
    const words = new Uint8Array(8 * Math.ceil(rows / 64)).fill(0xff);
    words.set(bits.subarray(first, Math.min(bits.length, first + words.length)));
    duckdb.vector_ensure_validity_writable(vector);
    duckdb.copy_data_to_vector_validity(vector, 0, words.buffer, 0, words.length);
  }
}
