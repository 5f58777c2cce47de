import { existsSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { schemas } from './layout.ts';
import { StoreError, storeError } from './storeError.ts';
import { openFormat } from './storeFormat.ts';

export interface DatabaseOptions {
  /** Of the file; beside it are PATH.wal and, while queries do not fit into memory, PATH.tmp. */
  path: string;
  /** Of DuckDB's own, in bytes: tables that are read, and rows since the last checkpoint. */
  memoryLimit: number;
  threads: number;
  /** A transaction is not begun with less room than this on the disk, in bytes, beside what it needs. */
  diskReserve: number;
}

/** Used and free blocks of the file, in bytes. */
export interface FileUsage {
  used: number;
  free: number;
  wal: number;
}

/** The one DuckDB instance of a file. Another of the same file in this process would break its lock when it is closed. */
export class Database {
  readonly #options: DatabaseOptions;
  #instance: DuckDBInstance;
  #isOpen = true;
  /** The only connection that writes. */
  writer: DuckDBConnection;

  private constructor(options: DatabaseOptions, instance: DuckDBInstance, writer: DuckDBConnection) {
    this.#options = options;
    this.#instance = instance;
    this.writer = writer;
  }

  /** @throws StoreError `locked` when another process has the file; when it is no store: see openFormat() */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { instance, writer } = await openInstance(options);
    const database = new Database(options, instance, writer);
    try {
      await openFormat(writer, options.path);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Another connection: to read. */
  async connect(): Promise<DuckDBConnection> {
    return await this.#instance.connect();
  }

  /** false: it was closed, or could not be opened anew. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** After a fatal error DuckDB refuses everything until the file is opened anew; connections are broken. */
  async reopen(): Promise<void> {
    this.close();
    const { instance, writer } = await openInstance(this.#options);
    this.#instance = instance;
    this.writer = writer;
    this.#isOpen = true;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.writer.closeSync();
    this.#instance.closeSync();
  }

  /** Bytes that were committed and are not in the file proper. */
  walBytes(): number {
    const path = `${this.#options.path}.wal`;
    return existsSync(path) ? statSync(path).size : 0;
  }

  /**
   * Makes sure that there is room to write: a full disk in the middle of a transaction costs more than one before it.
   *
   * @throws StoreError `disk`
   */
  checkRoom(bytes: number): void {
    const directory = dirname(this.#options.path);
    const { bavail, bsize } = statfsSync(directory);
    const free = bavail * bsize;
    const needed = bytes + this.#options.diskReserve;
    if (free < needed) {
      throw new StoreError(
        'disk',
        `the disk of ${directory} is full: ${mebibytes(free)} are free, ${mebibytes(needed)} are needed; ` +
          'enlarge the volume, or lower --max-bytes to less than its size',
      );
    }
  }

  /** Counts blocks; a few milliseconds. */
  async usage(): Promise<FileUsage> {
    const reader = await this.writer.runAndReadAll(
      'SELECT block_size, used_blocks, free_blocks FROM pragma_database_size() LIMIT 1',
    );
    const [row] = reader.getRowsJS();
    const [size, used, free] = (row ?? []).map(Number);
    return { used: (size ?? 0) * (used ?? 0), free: (size ?? 0) * (free ?? 0), wal: this.walBytes() };
  }

  /** Bytes of the blocks that a table uses; those that it shares with others are counted for each. */
  async tableBytes(schema: string, table: string): Promise<number> {
    const reader = await this.writer.runAndReadAll(
      `SELECT count(DISTINCT block_id) * 262144 FROM pragma_storage_info('${schema}.${table}') WHERE block_id >= 0`,
    );
    return Number(reader.getRowsJS()[0]?.[0] ?? 0);
  }
}

/** Whether DuckDB will refuse everything from now on. */
export function isFatal(error: unknown): boolean {
  return (
    error instanceof Error &&
    /FATAL Error|database has been invalidated|must be restarted/i.test(error.message)
  );
}

async function openInstance(
  options: DatabaseOptions,
): Promise<{ instance: DuckDBInstance; writer: DuckDBConnection }> {
  // DuckDB calls the catalog after the file; where a schema has the same name, no name in it is plain any more.
  const catalog = basename(options.path).split('.')[0] ?? '';
  if (schemas.includes(catalog.toLowerCase())) {
    throw new StoreError(
      'failed',
      `${options.path} cannot be a store: a file may not be called like a schema in it (${schemas.join(', ')}); ` +
        'rename it, to store.duckdb for example',
    );
  }
  try {
    const instance = await DuckDBInstance.create(options.path, {
      access_mode: 'READ_WRITE',
      memory_limit: `${Math.floor(options.memoryLimit / 1024)}KiB`,
      threads: String(options.threads),
      temp_directory: `${options.path}.tmp`,
      // The store says when: a checkpoint in every commit costs two thirds of the speed.
      checkpoint_threshold: '1TB',
      // Readers' SQL is checked before it comes here; if something gets through, it stays within the file.
      enable_external_access: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      lock_configuration: 'true',
    });
    return { instance, writer: await instance.connect() };
  } catch (error) {
    const refused = storeError(error);
    if (refused.failure !== 'locked') throw refused;
    throw new StoreError(
      'locked',
      `${options.path} is open in another process; a store can be open once: stop the other one, or ask it ` +
        `(${refused.message.split('\n')[0] ?? ''})`,
      { cause: error },
    );
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
