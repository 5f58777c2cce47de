import { BIGINT, UBIGINT, type DuckDBConnection, type DuckDBResult, type DuckDBType } from '@duckdb/node-api';
import { readChunk, readColumn } from './readChunk.ts';
import type { ReadChunk, ReadColumn, ReadParameter } from './readResult.ts';
import { StoreError, storeError } from './storeError.ts';

/** A reader's connection, in the store's thread: one transaction that only reads. */
export class Snapshot {
  readonly #connection: DuckDBConnection;
  #result: DuckDBResult | undefined;
  #types: DuckDBType[] = [];
  #running: Promise<unknown> | undefined;
  #interrupting: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async begin(connection: DuckDBConnection): Promise<Snapshot> {
    await connection.run('BEGIN TRANSACTION READ ONLY');
    // A transaction begins to see with its first statement.
    await connection.run('SELECT count(*) FROM meta.probes');
    return new Snapshot(connection);
  }

  /** @throws StoreError */
  async read(sql: string, parameters: readonly ReadParameter[]): Promise<ReadColumn[]> {
    this.#result = undefined;
    const types = Object.fromEntries(
      parameters.flatMap((value, index) =>
        typeof value === 'bigint'
          ? [[String(index + 1), value >= 1n << 63n ? UBIGINT : BIGINT] as const]
          : [],
      ),
    );
    const values = Object.fromEntries(parameters.map((value, index) => [String(index + 1), value]));
    const result = await this.#run(() =>
      this.#connection.stream(sql, parameters.length > 0 ? values : undefined, types),
    );
    this.#result = result;
    this.#types = result.columnTypes();
    return result.deduplicatedColumnNames().map((name, index) => {
      const type = this.#types[index];
      if (type === undefined) throw new StoreError('failed', `column ${name} has no type`);
      return readColumn(name, type);
    });
  }

  /** The next rows of the statement; undefined: there are no more. */
  async next(): Promise<ReadChunk | undefined> {
    const result = this.#result;
    if (result === undefined) return undefined;
    const chunk = await this.#run(() => result.fetchChunk());
    if (chunk && chunk.rowCount > 0) return readChunk(chunk, this.#types);
    this.#result = undefined;
    return undefined;
  }

  /** Ends what runs, if anything does. */
  interrupt(): void {
    if (this.#running === undefined || this.#interrupting !== undefined) return;
    // What has not begun to execute does not notice: again, until it has ended.
    this.#interrupting = setInterval(() => {
      this.#connection.interrupt();
    }, 10);
    this.#connection.interrupt();
  }

  /** Ends what runs, and the snapshot. */
  async close(): Promise<void> {
    this.#closed = true;
    this.interrupt();
    await this.#running?.catch(() => undefined);
    this.#result = undefined;
    this.#connection.closeSync();
  }

  /** One at a time. */
  async #run<T>(action: () => Promise<T>): Promise<T> {
    await this.#running?.catch(() => undefined);
    if (this.#closed) throw new StoreError('closed', 'the reader is closed');
    const running = action();
    this.#running = running;
    try {
      return await running;
    } catch (error) {
      throw storeError(error);
    } finally {
      clearInterval(this.#interrupting);
      this.#interrupting = undefined;
      this.#running = undefined;
    }
  }
}
