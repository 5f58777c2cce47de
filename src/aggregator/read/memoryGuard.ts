import { totalmem } from 'node:os';

/** It is looked so often, in ms: aggregates grow by about a GiB a second. */
const intervalMs = 50;
/** A statement that took less is not to blame, in bytes. */
const harmlessBytes = 64 << 20;

/**
 * Aborts its signal when the process has more memory than it may, and it has grown since the guard was made. DuckDB
 * counts against its own limit what it spills and sorts, but not what aggregates such as histogram, mode and median
 * keep: 100 million distinct values take 6 GiB.
 */
export class MemoryGuard implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /**
   * @param maxBytes of the process
   * @param reason what the signal is aborted with
   */
  constructor(maxBytes: number, reason: () => Error) {
    const before = process.memoryUsage.rss();
    this.#timer = setInterval(() => {
      const now = process.memoryUsage.rss();
      if (now > maxBytes && now > before + harmlessBytes) this.#controller.abort(reason());
    }, intervalMs).unref();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** What this process may take before the kernel ends it, less a fifth; in bytes. */
export function usableMemory(): number {
  // 0 or more than there is: no control group limits it.
  const limit = process.constrainedMemory();
  return 0.8 * (limit > 0 ? Math.min(limit, totalmem()) : totalmem());
}
