/** Rows of a column that lie in one piece of memory: whole vectors of DuckDB's. */
export const blockRows = 32_768;

/**
 * Memory for rows that wait for their commit, used again for the next ones: fresh memory costs as much as everything
 * else that is done with a row.
 */
export class BlockPool {
  readonly #free = new Map<number, ArrayBuffer[]>();
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes that are kept while nobody uses them */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** A block of so many bytes; whatever is in it. */
  take(bytes: number): ArrayBuffer {
    const block = this.#free.get(bytes)?.pop();
    if (block === undefined) return new ArrayBuffer(bytes);
    this.#bytes -= bytes;
    return block;
  }

  /** Gives a block back, which nobody uses any more. */
  give(block: ArrayBuffer): void {
    const bytes = block.byteLength;
    if (this.#bytes + bytes > this.#maxBytes) return;
    this.#bytes += bytes;
    const free = this.#free.get(bytes);
    if (free) free.push(block);
    else this.#free.set(bytes, [block]);
  }
}
