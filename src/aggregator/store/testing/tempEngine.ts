import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreEngine, type EngineEvents, type EngineOptions } from '../storeEngine.ts';
import { engineOptions } from './frames.ts';

const silent: EngineEvents = {
  committed: () => undefined,
  failing: () => undefined,
  dropped: () => undefined,
  measured: () => undefined,
};

/** For tests: a store in a directory of its own, in this thread, that can be opened again and again. */
export class TempEngine implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'traceprobe-store-'));
  readonly path = join(this.#directory, 'store.duckdb');
  /** Of the store that is open; what is changed here counts at once. */
  options = engineOptions(this.path);
  #engine: StoreEngine | undefined;

  static async open(
    changes: Partial<EngineOptions> = {},
    events: Partial<EngineEvents> = {},
  ): Promise<TempEngine> {
    const temp = new TempEngine();
    await temp.reopen(changes, events);
    return temp;
  }

  get engine(): StoreEngine {
    if (this.#engine === undefined) throw new Error('the store is not open');
    return this.#engine;
  }

  async reopen(changes: Partial<EngineOptions> = {}, events: Partial<EngineEvents> = {}): Promise<void> {
    await this.#engine?.close();
    this.options = engineOptions(this.path, changes);
    this.#engine = await StoreEngine.open(this.options, { ...silent, ...events });
  }

  /** Runs a statement in the store, behind its back. */
  async run(sql: string): Promise<unknown[][]> {
    const connection = await this.engine.connect();
    try {
      return (await connection.runAndReadAll(sql)).getRowsJS();
    } finally {
      connection.closeSync();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine?.close();
    rmSync(this.#directory, { recursive: true });
  }
}
