import { copyFile, open, rename, rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { Database, isFatal, type DatabaseOptions, type FileUsage } from './database.ts';
import type { StoredBatch, StoreFrame } from './frame.ts';
import { dictionaryTable, eventTable, workloadTable } from './layout.ts';
import { loadState } from './loadState.ts';
import { lastCommit } from './logs.ts';
import { dropsOf, isFull, type Drop, type RetentionLimits } from './retention.ts';
import type { ProbeState, SliceState } from './catalog.ts';
import type { DurableSource, SourceState } from './sources.ts';
import { sourceLoss, type SourceLoss } from './sourceLoss.ts';
import { StoreError, storeError, type StoreFailure } from './storeError.ts';
import { StoreModel } from './storeModel.ts';
import { writeCommit, type SealedCommit } from './writeCommit.ts';

export interface EngineOptions extends DatabaseOptions, RetentionLimits {
  /** Events wait about this long for their transaction, in ms. */
  commitMs: number;
  /** Of probes that do not say, in ms. */
  maxAgeMs: number;
  /** The file is brought up to date when so much was committed since, in bytes. */
  walBytes: number;
  /** How often retention looks, in ms. */
  retentionMs: number;
}

/** What the engine tells while it works. */
export interface EngineEvents {
  committed(commit: { rows: number; frames: number; milliseconds: number }): void;
  /** undefined: it works again. */
  failing(failure: { failure: StoreFailure; message: string } | undefined): void;
  dropped(drops: readonly Drop[]): void;
  measured(usage: FileUsage): void;
}

/** Bytes a row to make room for before a transaction: what is written twice, to the log and to the file. */
const bytesPerRow = 200;
/** So many are committed without waiting for more. */
const manyRows = 200_000;
const retryMs = { first: 100, last: 5000 };

/**
 * The store, in the thread that it blocks: a transaction at a time, by time, of everything that came since. Use Store,
 * which runs it in a thread of its own.
 */
export class StoreEngine {
  readonly #database: Database;
  readonly #model: StoreModel;
  readonly #options: EngineOptions;
  readonly #events: EngineEvents;
  readonly #durable = new Map<number, DurableSource>();
  readonly #unmeasured = new Map<SliceState, ProbeState>();
  #turn: Promise<unknown> = Promise.resolve();
  #commitTimer: NodeJS.Timeout | undefined;
  readonly #retentionTimer: NodeJS.Timeout;
  #hurried = false;
  #backups = 0;
  #failing = false;
  #closed = false;

  private constructor(database: Database, model: StoreModel, options: EngineOptions, events: EngineEvents) {
    this.#database = database;
    this.#model = model;
    this.#options = options;
    this.#events = events;
    for (const source of model.sources()) this.#durable.set(source.id, durableOf(source));
    this.#retentionTimer = setInterval(() => void this.retain().catch(() => undefined), options.retentionMs);
    if (!model.pending.isEmpty()) this.#schedule();
  }

  /** @throws StoreError */
  static async open(options: EngineOptions, events: EngineEvents): Promise<StoreEngine> {
    const database = await Database.open(options);
    try {
      const now = Date.now();
      const model = new StoreModel(await loadState(database.writer, now), options.maxAgeMs, now);
      return new StoreEngine(database, model, options, events);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /**
   * Adds a frame to the next transaction, or nothing of it.
   *
   * @returns what of it is new, and when that is committed
   * @throws FrameError for what is in it; StoreError when the store is closed
   */
  add(frame: StoreFrame): { stored: StoredBatch[]; committed: Promise<void> } {
    this.#checkOpen();
    const stored = this.#model.add(frame, Date.now());
    const committed = this.#model.pending.settled.promise;
    this.#schedule();
    return { stored, committed };
  }

  closeStream(stream: number): void {
    this.#model.closeStream(stream);
  }

  /** Which probes have a TraceProbe: what others have had is dropped after its grace. */
  setProbes(uids: ReadonlySet<string>): void {
    this.#model.setDeleted((uid) => uids.has(uid), Date.now());
    this.#schedule();
  }

  /** Where the hits of a probe went, or of all; what is committed counts. */
  loss(probeUid?: string): SourceLoss[] {
    return [...this.#durable.values()]
      .filter((source) => source.probeUid !== '' && (probeUid === undefined || source.probeUid === probeUid))
      .map(sourceLoss);
  }

  /** Another connection, to read. */
  async connect(): Promise<DuckDBConnection> {
    this.#checkOpen();
    return await this.#database.connect();
  }

  /** Commits what is pending, now. */
  async commit(): Promise<void> {
    await this.#exclusive(() => this.#commitPending());
  }

  /** Closes slices that are full and drops those that nobody is to keep. */
  async retain(): Promise<void> {
    await this.#exclusive(async () => {
      if (!this.#closed) await this.#retain();
    });
  }

  /** Brings the file up to date, so that nothing is in its log. */
  async checkpoint(): Promise<void> {
    await this.#exclusive(() => this.#checkpoint());
  }

  /**
   * Copies the store as it is now, while it goes on.
   *
   * @param path of the copy, which is there whole or not at all
   */
  async backup(path: string): Promise<void> {
    this.#backups++;
    try {
      await this.#exclusive(async () => {
        await this.#commitPending();
        await this.#database.writer.run('CHECKPOINT');
      });
      // Until the next checkpoint nothing that the file's header leads to is written again.
      const partial = `${path}.partial`;
      try {
        await copyFile(this.#options.path, partial);
        await using file = await open(partial, 'r+');
        await file.sync();
        await rename(partial, path);
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    } finally {
      this.#backups--;
    }
  }

  /** Commits what is pending, if it can be done at once, and closes the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#retentionTimer);
    clearTimeout(this.#commitTimer);
    await this.#exclusive(async () => {
      await this.#commitPending();
      if (!this.#failing) await this.#database.writer.run('CHECKPOINT').catch(() => undefined);
      this.#database.close();
    });
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreError('closed', `the store ${this.#options.path} is closed`);
  }

  #schedule(): void {
    if (this.#closed) return;
    if (this.#model.pending.rows >= manyRows && !this.#hurried) {
      // Who waits for the ack may send the next ones meanwhile.
      this.#hurried = true;
      void this.commit().finally(() => {
        this.#hurried = false;
      });
      return;
    }
    this.#commitTimer ??= setTimeout(() => {
      this.#commitTimer = undefined;
      void this.commit();
    }, this.#options.commitMs);
  }

  /** One after another. */
  async #exclusive<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => undefined);
    return await result;
  }

  /** Until it has succeeded; given up only when the store is being closed. */
  async #commitPending(): Promise<void> {
    if (this.#model.pending.isEmpty()) return;
    const sealed = this.#model.seal();
    for (const [slice, probe] of sealed.pending.slices) this.#unmeasured.set(slice, probe);
    const started = performance.now();
    for (let delay = retryMs.first; ; delay = Math.min(2 * delay, retryMs.last)) {
      try {
        await this.#write(sealed);
        break;
      } catch (error) {
        const { failure, message } = storeError(error);
        this.#failing = true;
        this.#events.failing({ failure, message });
        if (this.#closed) {
          sealed.pending.settled.reject(new StoreError('closed', `closed before it was stored: ${message}`));
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    }
    if (this.#failing) this.#events.failing(undefined);
    this.#failing = false;
    this.#remember(sealed);
    const { rows, frames } = sealed.pending;
    sealed.pending.release();
    sealed.pending.settled.resolve(undefined);
    this.#events.committed({ rows, frames, milliseconds: performance.now() - started });
    if (this.#database.walBytes() > this.#options.walBytes) await this.#checkpoint();
  }

  async #write(sealed: SealedCommit): Promise<void> {
    this.#database.checkRoom(this.#database.walBytes() + bytesPerRow * sealed.pending.rows);
    try {
      await writeCommit(this.#database.writer, sealed);
    } catch (error) {
      if (!isFatal(error)) throw error;
      await this.#database.reopen();
      // The disk failed in the commit itself, which may have succeeded all the same.
      if ((await lastCommit(this.#database.writer, sealed.log)) < sealed.number) throw error;
    }
  }

  #remember({ progress, accounts, gaps, pending }: SealedCommit): void {
    for (const source of pending.newSources) {
      this.#durable.set(source.id, { ...durableOf(source), account: undefined, gaps: [] });
    }
    for (const { id, ...counts } of progress) this.#update(id, counts);
    for (const { id, account } of accounts) this.#update(id, { account });
    for (const { id, gaps: changed } of gaps) this.#update(id, { gaps: changed });
  }

  #update(id: number, change: Partial<DurableSource>): void {
    const source = this.#durable.get(id);
    if (source) Object.assign(source, change);
  }

  async #checkpoint(): Promise<void> {
    if (this.#backups > 0) return;
    try {
      await this.#database.writer.run('CHECKPOINT');
      for (const [slice, probe] of this.#unmeasured) await this.#measure(probe, slice);
      this.#unmeasured.clear();
      this.#events.measured(await this.#database.usage());
    } catch (error) {
      // What is committed is in the log; the next one tries again.
      const { failure, message } = storeError(error);
      this.#failing = true;
      this.#events.failing({ failure, message: `cannot bring the file up to date: ${message}` });
      if (isFatal(error)) await this.#database.reopen();
    }
  }

  async #measure(probe: ProbeState, slice: SliceState): Promise<void> {
    if (!probe.slices.includes(slice)) return;
    const name = { probeUid: probe.uid, slice: slice.slice };
    const tables = [
      ...slice.tables.map(({ point, ordinal }) => eventTable(name, point, ordinal)),
      dictionaryTable(name),
      workloadTable(name),
    ];
    let bytes = 0;
    for (const table of tables) bytes += await this.#database.tableBytes('data', table);
    this.#model.measured(probe, slice, bytes);
  }

  async #retain(): Promise<void> {
    await this.#commitPending();
    const { used, wal } = await this.#database.usage();
    const now = Date.now();
    const bytes = used + wal;
    for (const probe of this.#model.retained()) {
      const open = probe.slices.at(-1);
      const state = this.#model.probe(probe.uid);
      if (state === undefined || open === undefined || open.closed !== undefined) continue;
      if (isFull(probe, open, this.#options, now) || StoreModel.hasFullDictionary(state)) {
        this.#model.closeOpenSlice(state, now);
      }
    }
    const drops = dropsOf(this.#model.retained(), bytes, this.#options, now).filter(({ probeUid, slice }) => {
      const probe = this.#model.probe(probeUid);
      const state = probe?.slices.find((candidate) => candidate.slice === slice);
      return probe !== undefined && state !== undefined && this.#model.drop(probe, state);
    });
    await this.#commitPending();
    if (drops.length === 0) {
      this.#events.measured({ ...(await this.#database.usage()) });
      return;
    }
    await this.#checkpoint();
    this.#events.dropped(drops);
  }
}

function durableOf(source: SourceState): DurableSource {
  const { id, nodeUid, node, epoch, probeUid, watermark, account, seen } = source;
  const { stored, filtered, lostSpool, lostGap, lostBacklog, lostMalformed } = source;
  return {
    ...{ id, nodeUid, node, epoch, probeUid, account, seen },
    ...{ stored, filtered, lostSpool, lostGap, lostBacklog, lostMalformed },
    next: watermark.next,
    gaps: [...watermark.gaps],
  };
}
