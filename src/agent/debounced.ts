/** Does something a while after it was first asked for, once for however often it was asked meanwhile. */
export class Debounced {
  readonly #action: () => void;
  readonly #milliseconds: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(action: () => void, milliseconds: number) {
    this.#action = action;
    this.#milliseconds = milliseconds;
  }

  request(): void {
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, this.#milliseconds).unref();
  }

  /** Does it now, if it was asked for. */
  flush(): void {
    if (this.#timer === undefined) return;
    this.cancel();
    this.#action();
  }

  /** Does not do it, even if it was asked for. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
