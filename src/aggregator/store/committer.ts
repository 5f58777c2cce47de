import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../../service/backoff.ts';
import { isFatal, type Database } from './database.ts';
import { DurableSources } from './durableSources.ts';
import { FrameError, type StoredBatch, type StoreFrame } from './frame.ts';
import { loadState } from './loadState.ts';
import { lastCommit } from './logs.ts';
import type { SourceLoss } from './sourceLoss.ts';
import { StoreError, storeError, type StoreFailure } from './storeError.ts';
import type { StoreModel } from './storeModel.ts';
import { writeCommit, type SealedCommit } from './writeCommit.ts';

/** What a committer tells while it works. */
export interface CommitterEvents {
  committed(commit: { rows: number; frames: number; milliseconds: number }): void;
  /** undefined: it works again. */
  failing(failure: { failure: StoreFailure; message: string } | undefined): void;
}

/** A frame on its way into the store. */
export interface Addition {
  /** What of it is new; known when it is committed. */
  readonly stored: StoredBatch[];
  /** Rejected with FrameError: nothing of it was nor will be stored. With StoreError: it may come again. */
  readonly committed: Promise<void>;
}

interface Waiting extends Addition {
  readonly frame: StoreFrame;
  stored: StoredBatch[];
  readonly settled: PromiseWithResolvers<undefined>;
  /** How often it alone could not be committed, though nothing else failed just then. */
  blamed: number;
}

/** Bytes a row to make room for before a transaction: what is written twice, to the log and to the file. */
const bytesPerRow = 200;
const retry = { firstMs: 200, maxMs: 5000 };
/** A commit that fails so often, though there is room on the disk, holds something that fails whatever is tried. */
const mostTries = { together: 5, alone: 2 };

/**
 * Commits frames, one transaction after another, each until it has succeeded. Frames are kept until then: when a
 * commit can never succeed, everything that was not committed is taken up again in smaller and smaller commits, until
 * the frame is found that is to blame; it alone is refused.
 */
export class Committer {
  readonly #database: Database;
  readonly #events: CommitterEvents;
  readonly #durable: DurableSources;
  #model: StoreModel;
  /** In the model, and not in a sealed commit yet. */
  #entered: Waiting[] = [];
  /** Came while frames are committed apart; not in the model. */
  #arrived: Waiting[] = [];
  #isApart = false;
  #failing = false;
  #isEnding = false;
  /** Something was not committed: nothing that came after it may be. */
  #givenUp: StoreError | undefined;

  constructor(database: Database, model: StoreModel, events: CommitterEvents) {
    this.#database = database;
    this.#model = model;
    this.#events = events;
    this.#durable = new DurableSources(model.sources());
  }

  /** What there will be once everything is committed. */
  get model(): StoreModel {
    return this.#model;
  }

  get failing(): boolean {
    return this.#failing;
  }

  /** Where the hits of a probe went, or of all; what is committed counts. */
  loss(probeUid?: string): SourceLoss[] {
    return this.#durable.loss(probeUid);
  }

  /** @throws FrameError for what is in it */
  add(frame: StoreFrame): Addition {
    const settled = Promise.withResolvers<undefined>();
    // Who added it waits for it; nobody has to.
    settled.promise.catch(() => undefined);
    const waiting: Waiting = { frame, stored: [], settled, committed: settled.promise, blamed: 0 };
    if (this.#isApart) this.#arrived.push(waiting);
    else this.#enter(waiting);
    return waiting;
  }

  /** Commits everything that was added; called again only when it has settled. */
  async commit(): Promise<void> {
    if (this.#givenUp === undefined && !this.#model.pending.isEmpty()) {
      const { frames, error } = await this.#commitEntered(mostTries.together);
      if (error !== undefined) await this.#commitApart(frames);
    }
    this.#rejectGivenUp();
  }

  /** From now on each commit is tried once: when it fails, it and everything after it is given up. */
  end(): void {
    this.#isEnding = true;
  }

  /** Tells of a failure. */
  fails(error: unknown, what = ''): StoreError {
    const told = storeError(error);
    this.#failing = true;
    this.#events.failing({ failure: told.failure, message: `${what}${told.message}` });
    return told;
  }

  #enter(waiting: Waiting): void {
    waiting.stored = this.#model.add(waiting.frame, Date.now());
    this.#entered.push(waiting);
  }

  /**
   * Commits what was entered, or gives it up.
   *
   * @returns the frames, and why they cannot be committed; no error: they were, or were given up
   */
  async #commitEntered(tries: number): Promise<{ frames: Waiting[]; error?: StoreError }> {
    const frames = this.#entered;
    this.#entered = [];
    const sealed = this.#model.seal();
    const started = performance.now();
    const backoff = new Backoff(retry);
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#write(sealed);
        break;
      } catch (error) {
        const told = this.fails(error);
        if (this.#isEnding) {
          this.#givenUp = new StoreError('closed', `closed before it was stored: ${told.message}`);
          reject(frames, this.#givenUp);
          return { frames };
        }
        if (attempt >= tries && !passes(told.failure, frames.length)) return { frames, error: told };
        await sleep(backoff.next());
      }
    }
    if (this.#failing) this.#events.failing(undefined);
    this.#failing = false;
    this.#durable.remember(sealed);
    const { rows } = sealed.pending;
    sealed.pending.release();
    for (const { settled } of frames) settled.resolve(undefined);
    this.#events.committed({ rows, frames: frames.length, milliseconds: performance.now() - started });
    return { frames };
  }

  async #write(sealed: SealedCommit): Promise<void> {
    const database = this.#database;
    if (!database.isOpen) await database.reopen();
    database.checkRoom(database.walBytes() + bytesPerRow * sealed.pending.rows);
    try {
      await writeCommit(database.writer, sealed);
    } catch (error) {
      if (!isFatal(error)) throw error;
      await database.reopen();
      // The disk failed in the commit itself, which may have succeeded all the same.
      if ((await lastCommit(database.writer, sealed.log)) < sealed.number) throw error;
    }
  }

  /** Something in these frames fails whatever is tried: they are halved until it is found, and all others committed. */
  async #commitApart(failed: Waiting[]): Promise<void> {
    this.#isApart = true;
    // What was added since was added to a model that will not come true.
    const groups = [failed, this.#entered];
    this.#entered = [];
    let isStale = true;
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      if (isStale) await this.#reload();
      isStale = false;
      if (this.#givenUp !== undefined) {
        reject(group, this.#givenUp);
        continue;
      }
      const frames = group.filter((waiting) => this.#enterAgain(waiting));
      const { error } = await this.#commitEntered(frames.length > 1 ? 1 : mostTries.alone);
      if (error === undefined) continue;
      isStale = true;
      if (frames.length > 1) groups.unshift(...halves(frames));
      else if (!(await this.#refuse(frames, error))) groups.unshift(frames);
    }
    this.#isApart = false;
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const waiting of arrived) this.#enterAgain(waiting);
  }

  /**
   * Refuses a frame that cannot be committed even alone, if anything else can be, before and after.
   *
   * @returns whether it was refused
   */
  async #refuse(frames: readonly Waiting[], { message }: StoreError): Promise<boolean> {
    await this.#reload();
    const { error } = await this.#commitEntered(1);
    if (error !== undefined) {
      await sleep(retry.maxMs);
      return false;
    }
    for (const waiting of frames) waiting.blamed++;
    if (frames.some(({ blamed }) => blamed < 2)) return false;
    reject(frames, new FrameError(`it cannot be stored, although others can: ${message}`));
    return true;
  }

  /** @returns whether it is in the model; otherwise it is refused */
  #enterAgain(waiting: Waiting): boolean {
    try {
      this.#enter(waiting);
      return true;
    } catch (error) {
      waiting.settled.reject(error);
      return false;
    }
  }

  /** Goes back to what is committed. */
  async #reload(): Promise<void> {
    const backoff = new Backoff(retry);
    for (;;) {
      try {
        const database = this.#database;
        if (!database.isOpen) await database.reopen();
        this.#model = this.#model.reloaded(await loadState(database.writer, Date.now()), Date.now());
        return;
      } catch (error) {
        const { message } = this.fails(error, 'cannot read what is stored: ');
        if (this.#isEnding) {
          this.#givenUp = new StoreError('closed', `closed before it was stored: ${message}`);
          return;
        }
        if (isFatal(error)) this.#database.close();
        await sleep(backoff.next());
      }
    }
  }

  #rejectGivenUp(): void {
    if (this.#givenUp === undefined) return;
    reject([...this.#entered, ...this.#arrived], this.#givenUp);
    this.#entered = [];
    this.#arrived = [];
  }
}

/** Whether a failure goes away by itself, or by splitting what there is no memory for. */
function passes(failure: StoreFailure, frames: number): boolean {
  return failure === 'disk' || failure === 'locked' || (failure === 'memory' && frames <= 1);
}

function reject(frames: readonly Waiting[], error: Error): void {
  for (const { settled } of frames) settled.reject(error);
}

function halves<T>(list: readonly T[]): T[][] {
  const middle = list.length >> 1;
  return [list.slice(0, middle), list.slice(middle)];
}
