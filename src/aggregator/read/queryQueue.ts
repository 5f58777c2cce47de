/** Too many wait already. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

/**
 * Lets few statements run at once: DuckDB's memory limit is one for all of them and for ingest. Others wait in line,
 * and beyond that are refused.
 */
export class QueryQueue {
  readonly #running: number;
  readonly #waiting: number;
  #active = 0;
  readonly #line: (() => void)[] = [];

  /**
   * @param running statements at once
   * @param waiting statements in line
   */
  constructor(running: number, waiting: number) {
    this.#running = running;
    this.#waiting = waiting;
  }

  /**
   * Settled when it is one's turn; the turn ends when the result is disposed of.
   *
   * @throws QueueFullError at once
   * @throws the signal's reason
   */
  async turn(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#active < this.#running) this.#active++;
    else {
      if (this.#line.length >= this.#waiting) {
        throw new QueueFullError(`${this.#running} queries run and ${this.#waiting} wait: come again later`);
      }
      await this.#wait(signal);
    }
    let ended = false;
    return {
      [Symbol.dispose]: () => {
        if (ended) return;
        ended = true;
        const next = this.#line.shift();
        if (next === undefined) this.#active--;
        else next();
      },
    };
  }

  /** The turn of whoever ends before is handed over: the number of those active stays. */
  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const mine = (): void => {
        signal.removeEventListener('abort', gone);
        resolve();
      };
      const gone = (): void => {
        this.#line.splice(this.#line.indexOf(mine), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', gone, { once: true });
      this.#line.push(mine);
    });
  }
}
