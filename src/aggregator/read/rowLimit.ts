import type { ReadChunk } from '../store/readResult.ts';
import { sliceChunk } from './query/chunkMessages.ts';

/** Lets so many rows of a result pass. */
export class RowLimit {
  readonly #limit: number;
  passed = 0;
  /** There were more. */
  exceeded = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What may pass of a chunk. */
  pass(chunk: ReadChunk): ReadChunk {
    const room = this.#limit - this.passed;
    const passed = chunk.rows > room ? sliceChunk(chunk, 0, room) : chunk;
    this.exceeded ||= chunk.rows > room;
    this.passed += passed.rows;
    return passed;
  }
}

/** What a request asks for, or `usual`, and never more than `most`. */
export function rowLimit(asked: number, usual: number, most: number): number {
  return Math.min(asked === 0 ? usual : asked, most);
}
