const newline = 0x0a;

/** A line that is longer than a reader takes. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}

/**
 * Cuts a stream of bytes into lines of text. Bytes are only decoded once their line is whole, so a character split
 * between two chunks is no matter; the time is linear in the bytes however they are cut.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #length = 0;

  /** @param maxBytes of one line; default 16 MiB: etcd takes objects up to 1.5 MiB, the API server requests of 3 MiB */
  constructor(maxBytes = 16 * 1024 * 1024) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The lines that this chunk ends, without their newline.
   *
   * @throws LineTooLongError
   */
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      if (end < 0) break;
      const rest = chunk.subarray(start, end);
      yield this.#length === 0 ? rest.toString('utf8') : this.#take(rest);
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.#add(chunk.subarray(start));
  }

  /** Bytes of a line that has not ended. */
  get pendingBytes(): number {
    return this.#length;
  }

  #take(rest: Buffer): string {
    this.#add(rest);
    const line = Buffer.concat(this.#parts, this.#length).toString('utf8');
    this.#parts = [];
    this.#length = 0;
    return line;
  }

  #add(part: Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#length > this.#maxBytes) {
      throw new LineTooLongError(`a line of more than ${this.#maxBytes} bytes`);
    }
  }
}
