import type { ProbeBatch } from '../../agent/host.ts';
import { decodeBatch } from '../../codec/decodeBatch.ts';
import { rowsOf } from '../../codec/rowsOf.ts';
import { shownPoint, type EventFormat } from '../output/shownEvent.ts';
import type { TextOutput } from '../output/textOutput.ts';

export interface EventPrinterOptions {
  output: TextOutput;
  /** Undefined: they are counted, not shown. */
  format: EventFormat | undefined;
  /** Events to show at most; undefined: all. */
  limit: number | undefined;
  /** Bytes of batches that may wait for a slow reader; what comes beyond is not shown. Default: any. */
  maxWaitingBytes?: number;
}

/** Shows batches one after another, as fast as whoever reads takes them, and counts what was shown. */
export class EventPrinter {
  readonly #options: EventPrinterOptions;
  readonly #full = new AbortController();
  readonly #shown = new Map<string, bigint>();
  #total = 0;
  #waitingBytes = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(options: EventPrinterOptions) {
    this.#options = options;
    if (options.limit === 0) this.#full.abort();
  }

  /** Aborted when the limit is reached. */
  get full(): AbortSignal {
    return this.#full.signal;
  }

  /** Events of a probe that were handed to the reader; undefined: there is none. */
  shown(uid: string): bigint | undefined {
    return this.#options.format && (this.#shown.get(uid) ?? 0n);
  }

  /** Settled when these have been taken: while a reader is slow, batches wait with whoever calls this. */
  print(batches: readonly ProbeBatch[]): Promise<void> {
    const { maxWaitingBytes = Infinity } = this.#options;
    if (this.#waitingBytes > maxWaitingBytes) return this.#last;
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0);
    this.#waitingBytes += bytes;
    this.#last = this.#last.then(async () => {
      for (const batch of batches) await this.#show(batch);
      this.#waitingBytes -= bytes;
    });
    return this.#last;
  }

  /** Settled when everything that was printed so far has been taken. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #show({ probe, point, rows: count, bytes }: ProbeBatch): Promise<void> {
    const { output, format, limit = Infinity } = this.#options;
    const room = Math.min(count, limit - this.#total);
    if (room <= 0 || output.gone.aborted) return;
    if (format === undefined) {
      this.#count(room, limit);
      return;
    }
    const batch = decodeBatch(
      bytes,
      point.columns.map(({ type }) => type),
    );
    const rows = [...rowsOf(batch, point.columns)].slice(0, room);
    this.#count(rows.length, limit);
    const taken = await output.write(format.rows(shownPoint(probe, point), rows));
    if (taken) this.#shown.set(probe.uid, (this.shown(probe.uid) ?? 0n) + BigInt(rows.length));
  }

  #count(rows: number, limit: number): void {
    this.#total += rows;
    if (this.#total >= limit) this.#full.abort();
  }
}
