/** Hands out small numbers, the lowest free one first. */
export class Slots {
  readonly #taken = new Set<number>();
  readonly #size: number;
  readonly #what: string;

  /** @param what what there are `size` of, for the refusal */
  constructor(size: number, what: string) {
    this.#size = size;
    this.#what = what;
  }

  /** @throws RangeError when all are taken */
  take(): number {
    for (let slot = 0; slot < this.#size; slot++) {
      if (this.#taken.has(slot)) continue;
      this.#taken.add(slot);
      return slot;
    }
    throw new RangeError(`all ${this.#size} ${this.#what} are in use: stop other probes first`);
  }

  release(slot: number): void {
    this.#taken.delete(slot);
  }
}
