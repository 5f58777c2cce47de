/** Lets so many at once do something and makes a bounded number of others wait. */
export class Gate {
  readonly #width: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(width: number, maxWaiting: number) {
    this.#width = width;
    this.#maxWaiting = maxWaiting;
  }

  /** Whether one more would not even be let wait. */
  get isFull(): boolean {
    return this.#inside >= this.#width && this.#waiting.length >= this.#maxWaiting;
  }

  /** Runs it when there is room. Look at isFull before. */
  async pass<T>(action: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#width) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve)); // whoever leaves hands over the place
    } else {
      this.#inside += 1;
    }
    try {
      return await action();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside -= 1;
      else next();
    }
  }
}
