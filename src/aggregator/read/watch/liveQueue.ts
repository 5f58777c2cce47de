import type { LiveBatch } from '../../live.ts';

/** Events that a reader was too slow for. */
export interface MissedEvents {
  events: number;
  /** Of the first and the last batch, ms since the Unix epoch. */
  from: number;
  until: number;
}

export type LiveEntry = { batch: LiveBatch } | { missed: MissedEvents };

/**
 * Batches that wait for one reader, at most so many bytes of them; what comes while it is full is counted where it
 * would have stood, so that ingest never waits for a reader.
 */
export class LiveQueue {
  readonly #maxBytes: number;
  readonly #now: () => number;
  readonly #entries: LiveEntry[] = [];
  #bytes = 0;
  #wake: (() => void) | undefined;

  constructor(maxBytes: number, now: () => number = Date.now) {
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  push(batch: LiveBatch): void {
    const last = this.#entries.at(-1);
    // Once something was left out, there must be room for a while: not a gap after each batch.
    const room = last !== undefined && 'missed' in last ? this.#maxBytes / 2 : this.#maxBytes;
    if (this.#bytes > 0 && this.#bytes + batch.bytes.length > room) this.#miss(batch, last);
    else {
      this.#bytes += batch.bytes.length;
      this.#entries.push({ batch });
    }
    this.#wake?.();
  }

  /**
   * The next entry, when there is one.
   *
   * @throws the signal's reason
   */
  async next(signal: AbortSignal): Promise<LiveEntry> {
    for (;;) {
      signal.throwIfAborted();
      const entry = this.#entries.shift();
      if (entry !== undefined) {
        if ('batch' in entry) this.#bytes -= entry.batch.bytes.length;
        return entry;
      }
      await this.#pushed(signal);
    }
  }

  #miss({ rows, firstRow }: LiveBatch, last: LiveEntry | undefined): void {
    const now = this.#now();
    const events = rows - firstRow;
    if (last !== undefined && 'missed' in last) {
      last.missed.events += events;
      last.missed.until = now;
    } else this.#entries.push({ missed: { events, from: now, until: now } });
  }

  #pushed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wake = undefined;
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake);
      this.#wake = wake;
    });
  }
}
