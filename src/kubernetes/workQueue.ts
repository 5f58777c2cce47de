import { monotonicClock, type Clock } from './clock.ts';

export interface WorkQueueOptions {
  /** Wait after a key's first failure, in milliseconds; it doubles with each one. Default 20. */
  firstRetryMs?: number;
  /** The longest wait, in milliseconds. Default 5 minutes. */
  maxRetryMs?: number;
  /** A key was taken after having waited so long, for metrics. */
  onTaken?: (key: string, waitedMs: number) => void;
  /** A key is to be tried again, for metrics. */
  onRetry?: (key: string) => void;
  clock?: Clock;
}

/**
 * Keys that want work. A key waits at most once however often it is added; while it is being worked on it is not given
 * to anybody else, and when it was added meanwhile it waits again as soon as that work is done.
 */
export class WorkQueue {
  readonly #firstRetryMs: number;
  readonly #maxRetryMs: number;
  readonly #clock: Clock;
  readonly #options: WorkQueueOptions;
  /** Since when each key waits, oldest first. */
  readonly #waiting = new Map<string, number>();
  readonly #working = new Set<string>();
  /** Added while being worked on, and when. */
  readonly #again = new Map<string, number>();
  readonly #delayed = new Map<string, { due: number; cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #shutDown = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? monotonicClock;
    this.#firstRetryMs = options.firstRetryMs ?? 20;
    this.#maxRetryMs = options.maxRetryMs ?? 300_000;
  }

  /** Keys that wait; without those that are delayed. */
  get depth(): number {
    return this.#waiting.size + this.#again.size;
  }

  /** Keys that are being worked on. */
  get working(): number {
    return this.#working.size;
  }

  /** The key wants work now. */
  add(key: string): void {
    if (this.#shutDown) return;
    this.#cancelDelay(key);
    const now = this.#clock.now();
    if (this.#working.has(key)) {
      if (!this.#again.has(key)) this.#again.set(key, now);
    } else if (!this.#waiting.has(key)) {
      this.#waiting.set(key, now);
      this.#hand();
    }
  }

  /** The key wants work in so many milliseconds; of several such wishes the earliest counts. */
  addAfter(key: string, milliseconds: number): void {
    if (milliseconds <= 0) {
      this.add(key);
      return;
    }
    if (this.#shutDown || this.#waiting.has(key)) return;
    const due = this.#clock.now() + milliseconds;
    const delayed = this.#delayed.get(key);
    if (delayed !== undefined && delayed.due <= due) return;
    delayed?.cancel();
    const cancel = this.#clock.after(milliseconds, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { due, cancel });
  }

  /** Work on the key failed: it wants work again, the later the more often it has failed since forget(). */
  retry(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#options.onRetry?.(key);
    this.addAfter(key, Math.min(this.#maxRetryMs, this.#firstRetryMs * 2 ** Math.min(failures, 40)));
  }

  /** Work on the key succeeded, or the key is gone: its failures no longer count. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The key that has waited longest, once there is one; undefined after shutDown(). Call done() when through. */
  take(): Promise<string | undefined> {
    return new Promise((resolve) => {
      if (this.#shutDown) {
        resolve(undefined);
        return;
      }
      this.#takers.push(resolve);
      this.#hand();
    });
  }

  /** Work on a key that take() gave has ended. */
  done(key: string): void {
    if (!this.#working.delete(key)) throw new Error(`"${key}" is not being worked on`);
    const since = this.#again.get(key);
    if (since === undefined || this.#shutDown) return;
    this.#again.delete(key);
    this.#waiting.set(key, since);
    this.#hand();
  }

  /** Nothing is handed out or added any more; whoever waits for a key gets undefined. */
  shutDown(): void {
    this.#shutDown = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#waiting.clear();
    this.#again.clear();
    for (const resolve of this.#takers.splice(0)) resolve(undefined);
  }

  #hand(): void {
    for (const [key, since] of this.#waiting) {
      const taker = this.#takers.shift();
      if (taker === undefined) return;
      this.#waiting.delete(key);
      this.#working.add(key);
      this.#options.onTaken?.(key, this.#clock.now() - since);
      taker(key);
    }
  }

  #cancelDelay(key: string): void {
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }
}
