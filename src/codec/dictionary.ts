const decoder = new TextDecoder();

/** The distinct strings of one column of one batch, by code. Text is made when it is asked for, once each. */
export class Dictionary {
  readonly #bytes: Uint8Array;
  readonly #ends: Uint32Array;
  readonly #texts: (string | undefined)[] = [];

  /**
   * @param bytes all strings one after another
   * @param ends where each ends in `bytes`, ascending
   */
  constructor(bytes: Uint8Array, ends: Uint32Array) {
    this.#bytes = bytes;
    this.#ends = ends;
  }

  get size(): number {
    return this.#ends.length;
  }

  /** As recorded: a string of the kernel need not be UTF-8. A view, not a copy. */
  bytes(code: number): Uint8Array {
    const end = this.#ends[code];
    if (end === undefined) throw new RangeError(`there is no string ${code} in a dictionary of ${this.size}`);
    return this.#bytes.subarray(code === 0 ? 0 : this.#ends[code - 1], end);
  }

  /** As text; what is not UTF-8 becomes U+FFFD. Control characters stay: escape them before a terminal. */
  text(code: number): string {
    return (this.#texts[code] ??= decoder.decode(this.bytes(code)));
  }
}
