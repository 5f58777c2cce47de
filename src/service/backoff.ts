export interface BackoffOptions {
  /** Upper bound of the first wait, in milliseconds. */
  firstMs: number;
  /** Upper bound of every wait, in milliseconds. */
  maxMs: number;
  /** From 0 to 1, exclusive; for tests. Default Math.random. */
  random?: () => number;
}

/**
 * How long to wait before the next try: the bound doubles with every try, and the wait is a random half of it up to
 * all of it, so that the clients of a server that came back do not call it in step.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #tries = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Milliseconds until the next try. */
  next(): number {
    const { firstMs, maxMs, random = Math.random } = this.#options;
    const bound = Math.min(maxMs, firstMs * 2 ** Math.min(this.#tries, 30));
    this.#tries += 1;
    return bound * (0.5 + random() / 2);
  }

  /** The last try was good. */
  reset(): void {
    this.#tries = 0;
  }
}
