import type { Clock } from '../clock.ts';

/** A clock that stands until it is advanced; for tests. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ due: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { due: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Time until the next timer is due; undefined: none is set. */
  get nextDue(): number | undefined {
    if (this.#timers.size === 0) return undefined;
    return Math.min(...Array.from(this.#timers, ({ due }) => due)) - this.#now;
  }

  /** Lets so many milliseconds pass, calling back what falls due, in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = [...this.#timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#now = next.due;
      this.#timers.delete(next);
      next.callback();
    }
    this.#now = end;
  }
}
