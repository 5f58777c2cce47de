import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FileUsage } from './database.ts';
import { FrameError, type StoredBatch, type StoreFrame } from './frame.ts';
import type { KnownProbe } from './knownProbes.ts';
import { packBatches } from './packBatches.ts';
import type { SentError, StoreCall, StoreCalls, StoreMessage } from './messages.ts';
import type { ReadChunk, ReadParameter, ReadResult, StoreReader } from './readResult.ts';
import { recordsOf } from './recordsOf.ts';
import type { DropReason } from './retention.ts';
import type { SourceLoss } from './sourceLoss.ts';
import type { EngineOptions } from './storeEngine.ts';
import { StoreError, type StoreFailure } from './storeError.ts';

export interface StoreOptions {
  /** Of the file. */
  path: string;
  /** Used blocks of all probes together, in bytes: beyond, the oldest slices go. Default: 10 GiB. */
  maxBytes?: number;
  /** Of DuckDB's, in bytes. Default: a quarter of the machine's, at most 2 GiB. */
  memoryLimit?: number;
  /** Of DuckDB's. Default: as many as CPUs, at most 4. */
  threads?: number;
  /** Events wait about so long for their transaction. Default 150. */
  commitMs?: number;
  /** How long events are kept whose probe does not say. Default: a day. */
  maxAgeMs?: number;
  /** How long the events of a deleted probe can be read. Default: an hour. */
  deletedGraceMs?: number;
  /** Room that is left on the disk. Default: 64 MiB. */
  diskReserve?: number;
  /** Default: an eighth of memoryLimit, at most 128 MiB. */
  walBytes?: number;
  /** Default: 10 s. */
  retentionMs?: number;
}

/** Why commits fail; they are tried again and again. */
export interface StoreFailing {
  failure: StoreFailure;
  message: string;
}

export interface StoreEvents {
  committed: [commit: { rows: number; frames: number; milliseconds: number }];
  /** Also when they succeed again: then it is undefined. */
  failing: [failing: StoreFailing | undefined];
  dropped: [reasons: readonly DropReason[]];
  measured: [usage: FileUsage];
  /** The thread is gone, and with it what was not committed. */
  lost: [error: Error];
}

const mebibyte = 2 ** 20;

/** Worker of a bundle: dist/aggregator/store/storeWorker.js, from any file two levels below the package's root. */
function workerUrl(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? './storeWorker.ts' : '../aggregator/store/storeWorker.js', here);
}

/**
 * The events of all probes, in one DuckDB file, in a thread of its own. A file can be open once, in one process.
 */
export class Store extends EventEmitter<StoreEvents> implements AsyncDisposable {
  readonly path: string;
  readonly #worker: Worker;
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  #nextCall = 1;
  #failing: StoreFailing | undefined;
  #gone: Error | undefined;
  #closing: Promise<void> | undefined;

  private constructor(path: string, worker: Worker) {
    super();
    this.path = path;
    this.#worker = worker;
  }

  /** @throws StoreError: `locked` when another process has the file */
  static async open(options: StoreOptions): Promise<Store> {
    const guard = await guardFile(options.path);
    const worker = new Worker(fileURLToPath(workerUrl()), { workerData: engineOptions(options) });
    const store = new Store(options.path, worker);
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: StoreMessage) => {
        if ('event' in message && message.event === 'ready') resolve();
        else if ('event' in message && message.event === 'refused') reject(receivedError(message.error));
        else store.#receive(message);
      });
      worker.on('error', (error: Error) => {
        store.#lose(error);
        reject(error);
      });
      worker.on('exit', () => {
        guard.close();
        store.#lose(new StoreError('closed', `the store ${options.path} is closed`));
        reject(new StoreError('failed', `the thread of the store ${options.path} ended`));
      });
    });
    return store;
  }

  /** Why commits fail just now; undefined: they do not. */
  get failing(): StoreFailing | undefined {
    return this.#failing;
  }

  /**
   * Stores a frame; events that were stored before are not stored again.
   *
   * @returns when it is committed: what of each batch was new
   * @throws FrameError when nothing of it was nor will be stored, because of what is in it; StoreError when the store
   *   was closed before it was committed
   */
  async add(frame: StoreFrame): Promise<StoredBatch[]> {
    const { batches, memory } = packBatches(frame.batches);
    return await this.#call('add', { frame: { ...frame, batches } }, [memory]);
  }

  /** Forgets the points that a stream has described. */
  async closeStream(stream: number): Promise<void> {
    await this.#call('closeStream', { stream });
  }

  /**
   * Says which TraceProbes there are: names and retention follow it, and what other probes have had is dropped after a
   * grace. What is left out of one, agents say. Until it is called the first time, agents say everything.
   *
   * @throws StoreError for a retention that is none
   */
  async setProbes(probes: Iterable<KnownProbe>): Promise<void> {
    await this.#call('setProbes', { probes: [...probes] });
  }

  /** Where the hits of a probe went, or of all, by node and epoch. */
  async loss(probeUid?: string): Promise<SourceLoss[]> {
    return await this.#call('loss', { probeUid });
  }

  /** A snapshot of what is committed. */
  async openReader(): Promise<StoreReader> {
    const reader = await this.#call('openReader', {});
    return new WorkerReader(reader, (call, request) => this.#call(call, request));
  }

  /** Applies retention now. */
  async retain(): Promise<void> {
    await this.#call('retain', {});
  }

  /** Writes what is committed to the file proper; it happens by itself. */
  async checkpoint(): Promise<void> {
    await this.#call('checkpoint', {});
  }

  /** Copies the store, as it is now, while it goes on. The copy is a store of its own. */
  async backup(path: string): Promise<void> {
    await this.#call('backup', { path });
  }

  /** Commits what was added, if the disk lets it, and closes the file. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    if (this.#gone) return;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    await this.#call('close', {});
    await exited;
  }

  async #call<C extends StoreCall>(
    call: C,
    request: StoreCalls[C]['request'],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<StoreCalls[C]['answer']> {
    if (this.#gone) throw this.#gone;
    const id = this.#nextCall++;
    const settled = Promise.withResolvers<unknown>();
    this.#calls.set(id, settled);
    this.#worker.postMessage({ id, call, ...request }, transfer);
    return (await settled.promise) as StoreCalls[C]['answer'];
  }

  #receive(message: StoreMessage): void {
    if ('event' in message) {
      this.#tell(message);
      return;
    }
    const settled = this.#calls.get(message.id);
    this.#calls.delete(message.id);
    if ('error' in message) settled?.reject(receivedError(message.error));
    else settled?.resolve(message.answer);
  }

  #tell(message: Extract<StoreMessage, { event: string }>): void {
    switch (message.event) {
      case 'committed':
        this.emit('committed', message);
        break;
      case 'failing':
        this.#failing = message.failing;
        this.emit('failing', message.failing);
        break;
      case 'dropped':
        this.emit('dropped', message.reasons);
        break;
      case 'measured':
        this.emit('measured', message.usage);
        break;
    }
  }

  #lose(error: Error): void {
    if (this.#gone) return;
    this.#gone = error;
    for (const settled of this.#calls.values()) settled.reject(error);
    this.#calls.clear();
    if (!this.#closing) this.emit('lost', error);
  }
}

class WorkerReader implements StoreReader {
  readonly #reader: number;
  readonly #call: <C extends StoreCall>(
    call: C,
    request: StoreCalls[C]['request'],
  ) => Promise<StoreCalls[C]['answer']>;

  constructor(
    reader: number,
    call: <C extends StoreCall>(
      call: C,
      request: StoreCalls[C]['request'],
    ) => Promise<StoreCalls[C]['answer']>,
  ) {
    this.#reader = reader;
    this.#call = call;
  }

  async read(sql: string, parameters: readonly ReadParameter[] = []): Promise<ReadResult> {
    const columns = await this.#call('read', { reader: this.#reader, sql, parameters });
    return { columns, chunks: this.#chunks() };
  }

  async rows(sql: string, parameters: readonly ReadParameter[] = []): ReturnType<StoreReader['rows']> {
    const { columns, chunks } = await this.read(sql, parameters);
    const records = [];
    for await (const chunk of chunks) records.push(...recordsOf(columns, chunk));
    return records;
  }

  interrupt(): void {
    void this.#call('interrupt', { reader: this.#reader }).catch(() => undefined);
  }

  async close(): Promise<void> {
    // A store that is closed has closed its readers.
    await this.#call('closeReader', { reader: this.#reader }).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#chunks(): AsyncGenerator<ReadChunk, void, undefined> {
    // The next one is read while the last one is used.
    let next = this.#call('nextChunk', { reader: this.#reader });
    for (;;) {
      const chunk = await next;
      if (chunk === undefined) return;
      next = this.#call('nextChunk', { reader: this.#reader });
      next.catch(() => undefined);
      yield chunk;
    }
  }
}

/**
 * A second instance of one file in one process, closed, takes the first one's lock away, and DuckDB does not notice: a
 * socket in the abstract namespace, which goes with the process, is the lock within it.
 */
async function guardFile(path: string): Promise<Server> {
  const directory = await realpath(dirname(path));
  const guard = createServer().unref();
  await new Promise<void>((resolve, reject) => {
    guard.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE' ? 'it is open already, and a store can be open once' : error.message;
      reject(new StoreError('locked', `open the store ${path}: ${reason}`));
    });
    const name = createHash('sha256')
      .update(join(directory, basename(path)))
      .digest('hex');
    guard.listen(`\0traceprobe-store-${name}`, resolve);
  });
  return guard;
}

function engineOptions(options: StoreOptions): EngineOptions {
  const memoryLimit = options.memoryLimit ?? Math.min(totalmem() / 4, 2048 * mebibyte);
  return {
    path: options.path,
    memoryLimit,
    threads: options.threads ?? Math.min(availableParallelism(), 4),
    maxBytes: options.maxBytes ?? 10 * 1024 * mebibyte,
    commitMs: options.commitMs ?? 150,
    maxAgeMs: options.maxAgeMs ?? 24 * 3_600_000,
    deletedGraceMs: options.deletedGraceMs ?? 3_600_000,
    diskReserve: options.diskReserve ?? 64 * mebibyte,
    walBytes: options.walBytes ?? Math.min(memoryLimit / 8, 128 * mebibyte),
    retentionMs: options.retentionMs ?? 10_000,
    supersededMs: 3_600_000,
    silentMs: 30 * 24 * 3_600_000,
  };
}

function receivedError({ kind, failure, message }: SentError): Error {
  return kind === 'frame' ? new FrameError(message) : new StoreError(failure, message);
}
