import type { ProbeBatch } from '../../agent/host.ts';
import { decodeBatch } from '../../codec/decodeBatch.ts';
import { rowsOf } from '../../codec/rowsOf.ts';
import { shownPoint, type EventFormat } from '../output/shownEvent.ts';
import type { TextOutput } from '../output/textOutput.ts';

export interface EventPrinterOptions {
  output: TextOutput;
  format: EventFormat;
  /** Events to show at most; undefined: all. */
  limit: number | undefined;
}

/** Shows batches one after another, as fast as whoever reads takes them, and counts what was shown. */
export class EventPrinter {
  readonly #options: EventPrinterOptions;
  readonly #full = new AbortController();
  readonly #shown = new Map<string, bigint>();
  #total = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(options: EventPrinterOptions) {
    this.#options = options;
    if (options.limit === 0) this.#full.abort();
  }

  /** Aborted when the limit is reached. */
  get full(): AbortSignal {
    return this.#full.signal;
  }

  /** Events of a probe that were handed to the reader. */
  shown(uid: string): bigint {
    return this.#shown.get(uid) ?? 0n;
  }

  /** Settled when these have been taken: while a reader is slow, batches wait with whoever calls this. */
  print(batches: readonly ProbeBatch[]): Promise<void> {
    this.#last = this.#last.then(async () => {
      for (const batch of batches) await this.#show(batch);
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
    const batch = decodeBatch(
      bytes,
      point.columns.map(({ type }) => type),
    );
    const rows = [...rowsOf(batch, point.columns)].slice(0, room);
    this.#total += rows.length;
    if (this.#total >= limit) this.#full.abort();
    const taken = await output.write(format.rows(shownPoint(probe, point), rows));
    if (taken) this.#shown.set(probe.uid, this.shown(probe.uid) + BigInt(rows.length));
  }
}
