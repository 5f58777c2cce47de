import { copyFile, open, rename, rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { Committer, type Addition, type CommitterEvents } from './committer.ts';
import { Database, isFatal, type DatabaseOptions, type FileUsage } from './database.ts';
import type { StoreFrame } from './frame.ts';
import { dictionaryTable, eventTable, quoteName, workloadTable } from './layout.ts';
import type { KnownProbe } from './knownProbes.ts';
import { loadState } from './loadState.ts';
import { dropsOf, isFull, type Drop, type RetentionLimits } from './retention.ts';
import type { ProbeState, SliceState } from './catalog.ts';
import type { SourceLoss } from './sourceLoss.ts';
import { StoreError } from './storeError.ts';
import { StoreModel } from './storeModel.ts';

export interface EngineOptions extends DatabaseOptions, RetentionLimits {
  /** Events wait about this long for their transaction, in ms. */
  commitMs: number;
  /** Of probes that do not say, in ms. */
  maxAgeMs: number;
  /** The file is brought up to date when so much was committed since, in bytes. */
  walBytes: number;
  /** How often retention looks, in ms. */
  retentionMs: number;
  /** See SourceLimits. */
  supersededMs: number;
  silentMs: number;
}

/** What the engine tells while it works. */
export interface EngineEvents extends CommitterEvents {
  dropped(drops: readonly Drop[]): void;
  measured(usage: FileUsage): void;
}

/** So many are committed without waiting for more. */
const manyRows = 200_000;

/**
 * The store, in the thread that it blocks: a transaction at a time, by time, of everything that came since. Use Store,
 * which runs it in a thread of its own.
 */
export class StoreEngine {
  readonly #database: Database;
  readonly #committer: Committer;
  readonly #options: EngineOptions;
  readonly #events: EngineEvents;
  #turn: Promise<unknown> = Promise.resolve();
  #commitTimer: NodeJS.Timeout | undefined;
  readonly #retentionTimer: NodeJS.Timeout;
  #hurried = false;
  #backups = 0;
  #closed = false;

  private constructor(database: Database, model: StoreModel, options: EngineOptions, events: EngineEvents) {
    this.#database = database;
    this.#committer = new Committer(database, model, events);
    this.#options = options;
    this.#events = events;
    this.#retentionTimer = setInterval(() => void this.retain().catch(() => undefined), options.retentionMs);
    if (!model.pending.isEmpty()) this.#schedule();
  }

  /** @throws StoreError */
  static async open(options: EngineOptions, events: EngineEvents): Promise<StoreEngine> {
    const database = await Database.open(options);
    try {
      const now = Date.now();
      const model = StoreModel.open(await loadState(database.writer, now), options, now);
      return new StoreEngine(database, model, options, events);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /**
   * Adds a frame to the next transaction, or nothing of it.
   *
   * @throws FrameError for what is in it; StoreError when the store is closed
   */
  add(frame: StoreFrame): Addition {
    this.#checkOpen();
    const addition = this.#committer.add(frame);
    this.#schedule();
    return addition;
  }

  closeStream(stream: number): void {
    this.#model.closeStream(stream);
  }

  /** Which TraceProbes there are, said by whom all agents obey: see KnownProbe. */
  setProbes(probes: readonly KnownProbe[]): void {
    this.#model.setProbes(probes, Date.now());
    this.#schedule();
  }

  /** Where the hits of a probe went, or of all; what is committed counts. */
  loss(probeUid?: string): SourceLoss[] {
    return this.#committer.loss(probeUid);
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
    this.#committer.end();
    clearInterval(this.#retentionTimer);
    clearTimeout(this.#commitTimer);
    await this.#exclusive(async () => {
      await this.#commitPending();
      if (!this.#committer.failing) await this.#database.writer.run('CHECKPOINT').catch(() => undefined);
      this.#database.close();
    });
  }

  /** Of the last commit on: another one when commits had to be taken back. */
  get #model(): StoreModel {
    return this.#committer.model;
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

  async #commitPending(): Promise<void> {
    await this.#committer.commit();
    if (this.#database.walBytes() > this.#options.walBytes) await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    if (this.#backups > 0) return;
    try {
      await this.#database.writer.run('CHECKPOINT');
      const { unmeasured } = this.#model;
      for (const [slice, probe] of unmeasured) await this.#measure(probe, slice);
      unmeasured.clear();
      this.#events.measured(await this.#database.usage());
    } catch (error) {
      // What is committed is in the log; the next one tries again.
      this.#committer.fails(error, 'cannot bring the file up to date: ');
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
    await this.#forgetSources();
    await this.#commitPending();
    if (drops.length === 0) {
      this.#events.measured({ ...(await this.#database.usage()) });
      return;
    }
    await this.#checkpoint();
    this.#events.dropped(drops);
  }

  /** Sources that nothing more comes of, once no event of them is stored. */
  async #forgetSources(): Promise<void> {
    const model = this.#model;
    const past = model.pastSources(this.#options, Date.now());
    if (past.length === 0) return;
    const tables = new Set(past.flatMap(({ probeUid }) => model.tablesOf(probeUid)));
    const left = new Set<number>();
    for (const table of tables) {
      const reader = await this.#database.writer.runAndReadAll(
        `SELECT DISTINCT source FROM data.${quoteName(table)} WHERE source IN (${past.map(({ id }) => id).join(', ')})`,
      );
      for (const [source] of reader.getRowsJS()) left.add(Number(source));
    }
    model.forget(past.filter(({ id }) => !left.has(id)));
  }
}
