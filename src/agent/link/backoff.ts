export interface BackoffOptions {
  /** Longest first wait. Default 100 ms. */
  firstMilliseconds?: number;
  /** Longest wait. Default 10 s. */
  mostMilliseconds?: number;
  /** From 0 to below 1. */
  random?: () => number;
}

/**
 * How long to wait before the next try: twice as long at most after every failure, and by chance between half of that
 * and all of it, so that a thousand agents do not come back in the same moment.
 */
export class Backoff {
  readonly #first: number;
  readonly #most: number;
  readonly #random: () => number;
  #failures = 0;

  constructor({
    firstMilliseconds = 100,
    mostMilliseconds = 10_000,
    random = Math.random,
  }: BackoffOptions = {}) {
    this.#first = firstMilliseconds;
    this.#most = mostMilliseconds;
    this.#random = random;
  }

  /** Milliseconds to wait after a further failure. */
  next(): number {
    const longest = Math.min(this.#most, this.#first * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    return longest * (0.5 + this.#random() / 2);
  }

  /** It has worked. */
  reset(): void {
    this.#failures = 0;
  }
}
