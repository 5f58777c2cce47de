import type { Change } from '../objectCache.ts';

/** Remembers changes as short lines, and lets a test wait for one. */
export class ChangeLog<T> {
  readonly lines: string[] = [];
  readonly #describe: (object: T) => string;
  readonly #listeners = new Set<() => void>();

  constructor(describe: (object: T) => string) {
    this.#describe = describe;
  }

  readonly onChange = (change: Change<T>): void => {
    this.lines.push(`${change.type} ${this.#describe(change.object)}`);
    for (const look of this.#listeners) look();
  };

  /** Resolves once so many changes like this line are there. */
  has(line: string, times = 1): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.lines.filter((each) => each === line).length < times) return;
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
    });
  }
}
