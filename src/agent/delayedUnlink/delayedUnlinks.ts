import { existsSync, statfsSync } from 'node:fs';
import { matchesPathPattern } from '../../probe/delayedUnlink/pathPattern.ts';
import type { DelayedUnlinkPlan, ProbePlan } from '../../probe/plan.ts';
import type { AgentLog } from '../agentLog.ts';
import { existingFiles } from './existingFiles.ts';
import { FileAtPlace } from './fileAtPlace.ts';
import type { FileEvent } from './fileEvent.ts';
import type { KeepJournal, KeptNote } from './keepJournal.ts';
import type { KeptFile, KeptFiles, KeptFilesServer, ReleaseRequest } from './keptFilesServer.ts';
import { isGone } from './openParent.ts';
import { ReadProgress } from './readProgress.ts';
import { releaseReason, type KeptState, type ReleaseReason } from './releaseReason.ts';
import { ShipperNotes } from './shipperNotes.ts';
import {
  keyOf,
  type HeldEntry,
  type UnlinkEvent,
  type UnlinkHooks,
  type UnlinkRule,
  type UnlinkSubject,
} from './unlinkHooks.ts';
import { maxSlots } from './unlinkRules.ts';

export interface DelayedUnlinksOptions {
  openHooks: () => UnlinkHooks;
  /** What is kept, for after a power cut; left out: that leaves files behind that nobody deletes. */
  openJournal?: () => KeepJournal;
  /** What the kernel has outlives this process: when it ends, the next one goes on. Default: all goes with it. */
  pinned?: boolean;
  /** Lists kept files to whoever asks. */
  serve?: (files: KeptFiles) => Promise<KeptFilesServer>;
  /** Where the node's file system is for this process, such as /host; default: where it is. */
  hostRoot?: string;
  /** An event of a probe. */
  tell: (uid: string, event: FileEvent) => void;
  log: AgentLog;
}

interface Running {
  plan: ProbePlan;
  unlink: DelayedUnlinkPlan;
  slot: number;
  notes: ShipperNotes | undefined;
  diskLow: boolean;
  /** Directories of its patterns that are not there, as the node calls them. */
  missing: string[];
}

/** What there is of a kept file, and how much of it the shipper has read. */
type Seen = Pick<KeptState, 'size' | 'read'>;

interface Kept {
  entry: HeldEntry;
  /** Its place, as the node calls it. */
  root: string;
  /** Whose it is; undefined: no probe that runs wants it. */
  uid: string | undefined;
  /** A pattern has meant it under this name: it was not renamed between its creation and its deletion. */
  named: boolean;
  /** Why it could not be deleted when that was tried last. */
  failure?: string;
}

/** The kernel lets deletions through when the agent was not heard of for some seconds. */
const beatMilliseconds = 500;
/** How often limits of time and disk are looked at. */
const reviewMilliseconds = 1000;
/** What no probe wants is kept so long after the start: probes come one after another. */
const adoptionMilliseconds = 30_000;

/**
 * Delays deletions on this machine: tells the kernel which files, and deletes what the kernel has kept as soon as the log
 * shipper has read it, or a limit passes. Whatever fails here, deletions are not delayed.
 */
export class DelayedUnlinks implements KeptFiles {
  readonly #options: DelayedUnlinksOptions;
  readonly #hostRoot: string;
  readonly #hooks: UnlinkHooks;
  readonly #journal: KeepJournal | undefined;
  readonly #running = new Map<string, Running>();
  /** By key. */
  readonly #kept = new Map<string, Kept>();
  /** From before a reboot, by key: to be found at their places. */
  readonly #lost = new Map<string, KeptNote>();
  readonly #progress = new ReadProgress();
  #lostEvents: bigint;
  readonly #timers: NodeJS.Timeout[];
  readonly #server: Promise<KeptFilesServer | undefined> | undefined;
  readonly #startedAt = performance.now();

  /** @throws BpfError, VerifierError; Error when the journal cannot be used */
  constructor(options: DelayedUnlinksOptions) {
    this.#options = options;
    this.#hostRoot = options.hostRoot ?? '';
    using undo = new DisposableStack();
    this.#journal = options.openJournal?.();
    if (this.#journal !== undefined) undo.use(this.#journal);
    this.#hooks = undo.use(options.openHooks());
    this.#lostEvents = this.#hooks.lostEvents;
    for (const entry of this.#hooks.held()) this.#keep(entry);
    for (const note of this.#journal?.notes ?? []) {
      if (!this.#kept.has(note.key)) this.#lost.set(note.key, note);
    }
    this.#hooks.listen((event) => {
      this.#take(event);
    });
    this.#timers = [
      setInterval(() => {
        this.#hooks.beat();
      }, beatMilliseconds),
      setInterval(() => {
        this.#tick();
      }, reviewMilliseconds),
    ];
    this.#server = options.serve?.(this).catch((error: unknown) => {
      options.log('warn', 'kept files cannot be listed', { error: (error as Error).message });
      return undefined;
    });
    undo.move();
  }

  /**
   * Begins to delay deletions for a probe, or changes how; what is kept and no longer wanted goes at once.
   * @throws RangeError when there are too many patterns on this node: what ran before goes on
   */
  apply(plan: ProbePlan): void {
    const unlink = plan.delayedUnlink;
    if (unlink === undefined) return;
    const before = this.#running.get(plan.uid);
    const slot = before?.slot ?? this.#freeSlot(plan.uid);
    const next: Running = { plan, unlink, slot, notes: undefined, diskLow: false, missing: [] };
    this.#running.set(plan.uid, next);
    try {
      this.#setRules();
    } catch (error) {
      if (before === undefined) this.#running.delete(plan.uid);
      else this.#running.set(plan.uid, before);
      throw error;
    }
    before?.notes?.close();
    next.notes = this.#follow(next);
    this.#markExisting(next);
    this.#findLost(next);
    for (const kept of this.#kept.values()) this.#assign(kept);
    // What its patterns mean no longer.
    for (const kept of this.#kept.values()) {
      if (kept.uid === undefined && kept.entry.slot === slot) this.#remove(kept, 'ProbeGone', next);
    }
  }

  /** Ends it for a probe: what is kept for it is deleted. */
  stop(uid: string): void {
    const running = this.#running.get(uid);
    if (running === undefined) return;
    running.notes?.close();
    this.#sync();
    this.#running.delete(uid);
    this.#setRules();
    for (const kept of this.#kept.values()) {
      if (kept.uid === uid) this.#remove(kept, 'ProbeGone', running);
    }
  }

  list(): KeptFile[] {
    return [...this.#kept.values()].flatMap((kept) => {
      using file = this.#find(kept);
      if (file === undefined) return [];
      const running = this.#runningOf(kept);
      const { size, read } = this.#see(kept, file, running);
      return [
        {
          ...{ probe: running?.plan.name ?? '', path: pathOf(kept) },
          ...{ size: String(size), ageMilliseconds: ageMilliseconds(kept) },
          read: read === undefined ? null : String(read),
          maxDelayMilliseconds: running?.unlink.maxDelayMilliseconds ?? 0,
        },
      ];
    });
  }

  release(request: ReleaseRequest): string[] {
    return [...this.#kept.values()]
      .filter((kept) => 'all' in request || request.paths.includes(pathOf(kept)))
      .filter((kept) => this.#remove(kept, 'Asked', this.#runningOf(kept)))
      .map(pathOf);
  }

  /** Settled when what shippers have noted so far has been read. */
  async settled(): Promise<void> {
    for (const { notes } of this.#running.values()) await notes?.settled();
  }

  /** What the kernel counted for a probe, by name. */
  counters(uid: string): Record<string, bigint> {
    const running = this.#running.get(uid);
    return running === undefined ? {} : this.#hooks.counters(running.slot);
  }

  /** Why a probe does less than it says: directories that are not there, positions that cannot be used. */
  problems(uid: string): string[] {
    const { missing = [], notes } = this.#running.get(uid) ?? {};
    return [
      ...missing.map((root) => `no file is kept in ${root}: the agent finds no such directory`),
      ...(notes?.problem === undefined ? [] : [notes.problem]),
    ];
  }

  /**
   * Where nothing outlives this process, all that is kept is deleted. Else the kernel goes on for some seconds, and the
   * next agent with what is kept.
   */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await (await this.#server)?.close();
    const keep = this.#options.pinned === true;
    this.#sync();
    if (!keep) {
      for (const uid of [...this.#running.keys()]) this.stop(uid);
      for (const kept of this.#kept.values()) this.#remove(kept, 'ProbeGone', undefined);
    }
    for (const { notes } of this.#running.values()) notes?.close();
    this.#journal?.close();
    this.#hooks.close({ keep });
  }

  /** The slot that the probe had in an earlier life of the agent, or one that nobody has, or else only had. */
  #freeSlot(uid: string): number {
    const taken = new Set([...this.#running.values()].map(({ slot }) => slot));
    const free = Array.from({ length: maxSlots }, (_, slot) => slot).filter((slot) => !taken.has(slot));
    const found =
      free.find((slot) => this.#hooks.probeOf(slot) === uid) ??
      free.find((slot) => this.#hooks.probeOf(slot) === '') ??
      free[0];
    if (found !== undefined) return found;
    throw new RangeError(`${maxSlots} probes of kind delayedUnlink run on this node, and more cannot`);
  }

  #setRules(): void {
    const rules = [...this.#running.values()].flatMap((running) => this.#rulesOf(running));
    const failed = this.#hooks.setRules(rules);
    for (const running of this.#running.values()) {
      const without = failed.filter(({ rule }) => rule.slot === running.slot);
      const missing = [...new Set(without.map(({ rule }) => this.#nodePath(rule.root)))];
      for (const { rule, error } of without) {
        const root = this.#nodePath(rule.root);
        if (running.missing.includes(root)) continue;
        this.#options.log('warn', 'a directory of delayedUnlink is not there', {
          root,
          error: error.message,
        });
      }
      running.missing = missing;
    }
  }

  /** It may have been made meanwhile, with files in it. */
  #lookForMissing(): void {
    const isThere = (root: string): boolean => existsSync(this.#hostRoot + root);
    const made = [...this.#running.values()].filter(({ missing }) => missing.some(isThere));
    if (made.length === 0) return;
    this.#setRules();
    for (const running of made) this.#markExisting(running);
  }

  /** What is kept has been unread since it was last written to. */
  #lookAtNotes({ plan, notes }: Running): void {
    const oldest = notes && [...this.#kept.values()].find(({ uid }) => uid === plan.uid);
    using file = oldest && this.#find(oldest);
    if (file !== undefined) notes?.expectSince(file.writtenAt);
  }

  #rulesOf({ plan, unlink, slot }: Running): UnlinkRule[] {
    const { maxHeldFiles, maxHeldBytes, mode } = unlink;
    return unlink.patterns.map(({ root, depth, prefix, suffix, exact }) => ({
      ...{ slot, probe: plan.uid, root: this.#hostRoot + root, depth, prefix, suffix, exact },
      ...{ mode, maxHeldFiles, maxHeldBytes },
    }));
  }

  #follow({ plan, unlink }: Running): ShipperNotes | undefined {
    const { positions } = unlink;
    if (positions === undefined) return undefined;
    return new ShipperNotes({
      positions,
      pathHere: (path) => this.#hostRoot + path,
      onChange: () => {
        for (const kept of this.#kept.values()) if (kept.uid === plan.uid) this.#decide(kept);
      },
      log: this.#options.log,
    });
  }

  #markExisting({ unlink, slot }: Running): void {
    for (const pattern of unlink.patterns) {
      const root = this.#hostRoot + pattern.root;
      for (const path of existingFiles(root, pattern)) {
        try {
          using file = new FileAtPlace(root, path);
          this.#hooks.enrol(file.entry, slot);
        } catch (error) {
          // Gone meanwhile; else there is no room: it will be deleted as without us.
          if (isGone(error)) continue;
          this.#options.log('warn', 'a file cannot be marked', { path, error: (error as Error).message });
          return;
        }
      }
    }
  }

  /** Files that were kept before a reboot: their deleters were told that they are gone. */
  #findLost({ plan, slot }: Running): void {
    for (const note of [...this.#lost.values()].filter(({ probeUid }) => probeUid === plan.uid)) {
      this.#lost.delete(note.key);
      this.#journal?.gone(note.key);
      try {
        using file = new FileAtPlace(this.#hostRoot + note.root, note.relativePath);
        if (!isAsNoted(file, note)) continue;
        const entry = this.#hooks.heldFile(this.#hooks.adopt(file.entry, slot));
        if (entry !== undefined) this.#begin(entry, 'Found');
      } catch (error) {
        if (isGone(error)) continue;
        this.#options.log('warn', 'a file that was kept before a restart of the node cannot be kept on', {
          path: `${note.root}/${note.relativePath}`,
          error: (error as Error).message,
        });
      }
    }
  }

  /** Kept before a reboot for probes that are gone: nobody else will ever delete them. */
  #dropLost(): void {
    for (const note of this.#lost.values()) {
      const { key, root, relativePath } = note;
      const path = `${root}/${relativePath}`;
      try {
        using file = new FileAtPlace(this.#hostRoot + root, relativePath);
        const isIt = isAsNoted(file, note);
        if (isIt) file.unlink();
        const what = isIt ? 'was deleted' : 'is another one, or in use again, and left alone';
        this.#options.log('info', `a file that was kept before a restart of the node ${what}`, { path });
      } catch (error) {
        if (!isGone(error)) {
          this.#options.log('error', 'a kept file cannot be deleted', {
            path,
            error: (error as Error).message,
          });
          continue;
        }
      }
      this.#lost.delete(key);
      this.#journal?.gone(key);
    }
  }

  #take(event: UnlinkEvent): void {
    const key = keyOf(event.key);
    switch (event.type) {
      case 'Marked':
        this.#noteAtCreation(event);
        return;
      case 'Held': {
        const entry = this.#hooks.heldFile(event.key);
        // It can have ended already: then another event says how.
        if (entry !== undefined) this.#begin(entry, '');
        return;
      }
      case 'Reopened':
      case 'Renamed': {
        const kept = this.#kept.get(key);
        if (kept !== undefined) this.#end(kept, 'LetGo', event.type);
        return;
      }
      case 'NotMarked':
        this.#tellOf(event, 'Passed', 'NoRoom');
        return;
      case 'WouldHold':
      case 'Overwritten':
        this.#tellOf(event, event.type === 'WouldHold' ? 'WouldHold' : 'Passed', event.type);
        this.#progress.forget(event.key);
        return;
      case 'Passed': {
        const kept = this.#kept.get(key);
        const why = event.reason.replace(/^./, (first) => first.toUpperCase());
        if (kept === undefined) this.#tellOf(event, 'Passed', why);
        else this.#end(kept, 'Passed', why);
        this.#progress.forget(event.key);
      }
    }
  }

  #noteAtCreation({ key, slot, root, path }: UnlinkSubject): void {
    const notes = this.#bySlot(slot)?.notes;
    const rootPath = root && this.#hooks.rootPath(root);
    if (notes === undefined || rootPath === undefined || path === undefined) return;
    try {
      using file = new FileAtPlace(rootPath, path);
      this.#progress.created(key, file, this.#nodePath(rootPath), notes);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  #begin(entry: HeldEntry, why: string): void {
    if (this.#kept.has(keyOf(entry.key))) return;
    const kept = this.#keep(entry);
    using file = this.#find(kept);
    if (file === undefined) return;
    const running = this.#runningOf(kept);
    this.#write(kept, file, running?.plan.uid ?? '');
    const seen = this.#see(kept, file, running);
    this.#tell(running, kept, 'Held', why, seen);
    this.#decideOn(kept, file, seen);
  }

  #keep(entry: HeldEntry): Kept {
    const kept: Kept = { entry, root: this.#nodePath(entry.rootPath ?? ''), uid: undefined, named: false };
    this.#assign(kept);
    this.#kept.set(keyOf(entry.key), kept);
    return kept;
  }

  /** Deletes it if it may go. */
  #decide(kept: Kept): void {
    using file = this.#find(kept);
    if (file !== undefined) this.#decideOn(kept, file, this.#see(kept, file, this.#runningOf(kept)));
  }

  #decideOn(kept: Kept, file: FileAtPlace, seen: Seen): void {
    const running = this.#runningOf(kept);
    if (running === undefined && performance.now() - this.#startedAt < adoptionMilliseconds) return;
    const why = releaseReason(
      { ...seen, ageMilliseconds: ageMilliseconds(kept) },
      {
        maxDelayMilliseconds: running?.unlink.maxDelayMilliseconds,
        diskLow: running?.diskLow === true,
      },
    );
    if (why !== undefined) this.#removeAt(kept, file, seen, why, running);
  }

  /** @returns false: it could not be deleted now, and is still kept */
  #remove(kept: Kept, why: ReleaseReason, running: Running | undefined): boolean {
    using file = this.#find(kept);
    return file === undefined || this.#removeAt(kept, file, this.#see(kept, file, running), why, running);
  }

  /** @param seen of before: once it has gone it cannot be looked into */
  #removeAt(
    kept: Kept,
    file: FileAtPlace,
    seen: Seen,
    why: ReleaseReason,
    running: Running | undefined,
  ): boolean {
    try {
      const outcome = this.#hooks.remove(kept.entry.key, () => {
        file.unlink();
      });
      if (outcome === 'removed') this.#end(kept, 'Deleted', why, seen, running);
      else this.#end(kept, 'LetGo', 'Replaced', undefined, running);
      return true;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const failure = code ?? message;
      if (failure !== kept.failure) {
        const path = pathOf(kept);
        this.#options.log('error', 'a kept file cannot be deleted: it is tried again', {
          path,
          error: message,
        });
      }
      kept.failure = failure;
      return false;
    }
  }

  /** What is at the place of a kept file; undefined: nothing, and it is no longer kept. */
  #find(kept: Kept): FileAtPlace | undefined {
    try {
      return new FileAtPlace(kept.entry.rootPath ?? '', kept.entry.path);
    } catch (error) {
      if (!isGone(error)) throw error;
      this.#hooks.letGo(kept.entry.key);
      this.#end(kept, 'LetGo', 'Gone');
      return undefined;
    }
  }

  #end(
    kept: Kept,
    action: FileEvent['action'],
    why: string,
    seen?: Seen,
    running = this.#runningOf(kept),
  ): void {
    const key = keyOf(kept.entry.key);
    this.#tell(running, kept, action, why, seen);
    this.#kept.delete(key);
    this.#progress.forget(kept.entry.key);
    this.#journal?.gone(key);
  }

  #tell(
    running: Running | undefined,
    kept: Kept,
    action: FileEvent['action'],
    why: string,
    seen: Seen | undefined,
  ): void {
    if (running === undefined) return;
    this.#options.tell(running.plan.uid, {
      ...{ action, why, path: pathOf(kept), by: kept.entry, inode: kept.entry.key.inode },
      size: seen?.size ?? kept.entry.size,
      unread: seen?.read === undefined ? undefined : seen.size - seen.read,
      age: action === 'Held' ? undefined : age(kept),
    });
  }

  /** Of a file that is not kept. */
  #tellOf(event: UnlinkSubject, action: FileEvent['action'], why: string): void {
    const running = this.#bySlot(event.slot);
    if (running === undefined) return;
    const root = event.root && this.#hooks.rootPath(event.root);
    const path = root === undefined ? '' : `${this.#nodePath(root)}/${event.path ?? ''}`;
    const read = this.#progress.ofGone(event, path, running.notes);
    this.#options.tell(running.plan.uid, {
      ...{ action, why, path, size: event.size, by: event, inode: event.key.inode, age: undefined },
      unread: read === undefined ? undefined : event.size - read,
    });
  }

  #see({ entry, root }: Kept, file: FileAtPlace, running: Running | undefined): Seen {
    return { size: file.size, read: this.#progress.of(entry.key, file, root, running?.notes) };
  }

  #tick(): void {
    for (const running of this.#running.values()) {
      this.#lookAtDisk(running);
      this.#lookAtNotes(running);
    }
    this.#lookForMissing();
    const { lostEvents } = this.#hooks;
    if (lostEvents !== this.#lostEvents) this.#sync();
    this.#lostEvents = lostEvents;
    if (performance.now() - this.#startedAt >= adoptionMilliseconds) this.#dropLost();
    for (const kept of this.#kept.values()) {
      const running = this.#runningOf(kept);
      const overdue = ageMilliseconds(kept) >= (running?.unlink.maxDelayMilliseconds ?? 0);
      if (overdue || running?.diskLow === true) this.#decide(kept);
    }
    this.#journal?.sync();
  }

  #lookAtDisk(running: Running): void {
    const { unlink, slot } = running;
    const low = unlink.patterns.some(({ root }) => {
      try {
        const { bavail, blocks } = statfsSync(this.#hostRoot + root);
        return (100 * bavail) / blocks < unlink.minFreeDiskPercent;
      } catch {
        return false; // the directory is not there: nothing is held in it
      }
    });
    if (low === running.diskLow) return;
    running.diskLow = low;
    this.#hooks.setDiskLow(slot, low);
    this.#options.log(
      low ? 'warn' : 'info',
      low ? 'the disk is low: nothing is kept' : 'the disk has room again',
      {
        probe: running.plan.name,
      },
    );
  }

  /** Takes up what is held and was not told, or not yet: the ring can have been full. */
  #sync(): void {
    for (const entry of this.#hooks.held()) this.#begin(entry, '');
  }

  #write({ entry, root }: Kept, file: FileAtPlace, probeUid: string): void {
    this.#journal?.keep({
      ...{ key: keyOf(entry.key), probeUid, root, relativePath: entry.path },
      ...{ inode: String(file.inode), since: Date.now() },
    });
  }

  /**
   * It is the probe's whose pattern means its name. A log that was rotated has another name than the one for which the
   * kernel has marked it: it is the probe's for which it was marked, while that has patterns in its directory.
   */
  #assign(kept: Kept): void {
    const { entry, root } = kept;
    const keeping = [...this.#running.values()].filter(({ unlink }) => unlink.mode !== 'Observe');
    const meant = keeping.find(({ unlink }) =>
      unlink.patterns.some((pattern) => pattern.root === root && matchesPathPattern(pattern, entry.path)),
    );
    kept.named ||= meant !== undefined;
    const marked = keeping.find(
      ({ unlink, slot }) => slot === entry.slot && unlink.patterns.some((pattern) => pattern.root === root),
    );
    kept.uid = (meant ?? (kept.named ? undefined : marked))?.plan.uid;
  }

  #runningOf({ uid }: Kept): Running | undefined {
    return uid === undefined ? undefined : this.#running.get(uid);
  }

  #bySlot(slot: number): Running | undefined {
    return [...this.#running.values()].find((running) => running.slot === slot);
  }

  #nodePath(path: string): string {
    return path.startsWith(this.#hostRoot) ? path.slice(this.#hostRoot.length) : path;
  }
}

/**
 * Whether it is still what was kept. Nobody saw who opened it while there was no agent: what has been written to since
 * may be the log of a container that was started again.
 */
function isAsNoted(file: FileAtPlace, { inode, since }: KeptNote): boolean {
  return String(file.inode) === inode && file.writtenAt <= since;
}

function pathOf({ root, entry }: Kept): string {
  return `${root}/${entry.path}`;
}

/** ns since it was to be deleted. */
function age({ entry }: Kept): bigint {
  return process.hrtime.bigint() - entry.time;
}

function ageMilliseconds(kept: Kept): number {
  return Number(age(kept) / 1_000_000n);
}
