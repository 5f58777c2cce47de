import { BlockPool } from './blockPool.ts';
import {
  openSlice,
  sliceBytes,
  type CurrentTable,
  type OpenSlice,
  type ProbeState,
  type SliceState,
} from './catalog.ts';
import { decodeFrame, StreamPoints, type DecodedBatch } from './decodeFrame.ts';
import {
  FrameError,
  type FrameAccount,
  type PointDescription,
  type StoredBatch,
  type StoreFrame,
} from './frame.ts';
import { checkName, checkRetention, KnownProbes, type KnownProbe } from './knownProbes.ts';
import { eventTable, shapeOf, storedColumns, type StoredColumn } from './layout.ts';
import type { LoadedState } from './loadState.ts';
import { createLogs, dropLogs, progressOf } from './logs.ts';
import { pastSources, type SourceLimits } from './pastSources.ts';
import { PendingCommit } from './pendingCommit.ts';
import type { RetainedProbe } from './retention.ts';
import { mergeAccounts, type Sources, type SourceState } from './sources.ts';
import {
  createSlice,
  createTable,
  dropSlice,
  forgetProbe,
  forgetSources,
  replaceViews,
  savePoint,
  saveProbe,
  saveSlice,
} from './statements.ts';
import type { SealedCommit } from './writeCommit.ts';

/** A column has text of its own when, after so many rows, … */
const judgedRows = 20_000;
/** … more than this part of them had a string that the slice had not seen. */
const newStrings = 0.5;
/** A slice whose dictionary is larger is closed: it is in memory as long as rows are added. */
const maxDictionary = 250_000;
/** A log is begun anew when it has this many times the lines that it needs, and at least so many. */
const logSlack = 4;
const minLogLines = 1_000_000;
/** Memory that is kept for the rows of the next commits. */
const maxIdleBytes = 64 * 2 ** 20;

/** What is in the store once everything that is pending is committed. No input or output: frames in, commits out. */
export class StoreModel {
  readonly #probes: Map<string, ProbeState>;
  readonly #sources: Sources;
  readonly #views: Map<string, string[]>;
  readonly #streams: Map<number, StreamPoints>;
  /** undefined: nobody has said yet, or there is nobody who knows. */
  #known: KnownProbes | undefined;
  /** Slices whose used blocks have changed since they were counted, and whose they are. */
  readonly unmeasured = new Map<SliceState, ProbeState>();
  /** What a description's tables are like, while its probe's columns of text stay the same. */
  readonly #shapes = new WeakMap<
    PointDescription,
    { asText: ReadonlySet<string>; columns: StoredColumn[]; shape: string }
  >();
  readonly #maxAgeMs: number;
  readonly #pool = new BlockPool(maxIdleBytes);
  #pending = new PendingCommit(this.#pool);
  #log: number;
  #logLines = 0;
  #commit: bigint;

  private constructor(
    { probes, sources, views, commit, log }: LoadedState,
    {
      maxAgeMs,
      streams,
      known,
    }: { maxAgeMs: number; streams: Map<number, StreamPoints>; known?: KnownProbes },
    now: number,
  ) {
    this.#probes = probes;
    this.#sources = sources;
    this.#views = views;
    this.#commit = commit;
    this.#log = log;
    this.#maxAgeMs = maxAgeMs;
    this.#streams = streams;
    this.#known = known;
    if (log === 0) this.#pending.statements.push(...createLogs((this.#log = 1)));
    // Their dictionaries are not in memory any more.
    for (const probe of probes.values()) {
      for (const slice of probe.slices) {
        if (slice.closed !== undefined) continue;
        this.#close(probe, slice, now);
        this.unmeasured.set(slice, probe);
      }
    }
    this.#follow(now);
  }

  /** @param maxAgeMs of probes that do not say */
  static open(state: LoadedState, { maxAgeMs }: { maxAgeMs: number }, now: number): StoreModel {
    return new StoreModel(state, { maxAgeMs, streams: new Map() }, now);
  }

  /** Another one, of what is committed: nothing is pending in it, and what streams described is known. */
  reloaded(state: LoadedState, now: number): StoreModel {
    const [maxAgeMs, streams, known] = [this.#maxAgeMs, this.#streams, this.#known];
    return new StoreModel(state, { maxAgeMs, streams, ...(known && { known }) }, now);
  }

  get pending(): PendingCommit {
    return this.#pending;
  }

  get log(): number {
    return this.#log;
  }

  sources(): Iterable<SourceState> {
    return this.#sources.all();
  }

  probe(uid: string): ProbeState | undefined {
    return this.#probes.get(uid);
  }

  probes(): Iterable<ProbeState> {
    return this.#probes.values();
  }

  /** For retention: what each probe has. */
  retained(): RetainedProbe[] {
    return [...this.#probes.values()].map((probe) => ({
      uid: probe.uid,
      maxAgeMs: probe.maxAgeMs,
      maxBytes: probe.maxBytes,
      deleted: probe.deleted,
      slices: probe.slices.map((slice) => ({ ...slice, bytes: sliceBytes(probe, slice) })),
    }));
  }

  /**
   * Adds a frame, or nothing of it.
   *
   * @throws FrameError for what is in it
   */
  add(frame: StoreFrame, now: number): StoredBatch[] {
    const points = this.#streams.get(frame.stream) ?? new StreamPoints();
    this.#streams.set(frame.stream, points);
    for (const description of frame.schemas) this.#check(description);
    const batches = decodeFrame(frame, points);

    const pending = this.#pending;
    pending.frames++;
    for (const description of frame.schemas) this.#describe(description, now);
    const isNew = this.#isNew(frame, now);
    const stored = batches.map((batch) => this.#addBatch(frame, batch, isNew, now));
    if (isNew) for (const account of frame.accounts) this.#addAccount(frame, account, now);
    return stored;
  }

  /** Forgets what a stream has described. */
  closeStream(stream: number): void {
    this.#streams.delete(stream);
  }

  /** Ends what is pending: nothing is added to it any more. */
  seal(): SealedCommit {
    const pending = this.#pending;
    pending.takeStrings();
    this.#judgeStrings();
    for (const [slice, probe] of pending.slices) this.unmeasured.set(slice, probe);
    const views = [...pending.views].map((probe) => {
      const replaced = replaceViews(probe, this.#views.get(probe.uid) ?? []);
      this.#views.set(probe.uid, replaced.names);
      return replaced;
    });
    const log = this.#log;
    const renewed = this.#renewLogs();
    const sealed = {
      number: ++this.#commit,
      log: this.#log,
      statements: [
        ...pending.statements,
        ...views.flatMap(({ drop }) => drop),
        ...views.flatMap(({ make }) => make),
        ...(renewed ? [...createLogs(this.#log), ...dropLogs(log)] : []),
      ],
      pending,
      progress: [...(renewed ? this.#sources.all() : pending.changed)].map(progressOf),
      accounts: [...(renewed ? this.#sources.all() : pending.accounts)].flatMap(({ id, account }) =>
        account ? [{ id, account }] : [],
      ),
      gaps: [...pending.gaps].map(({ id, watermark }) => ({ id, gaps: [...watermark.gaps] })),
    };
    this.#logLines += sealed.progress.length + sealed.accounts.length + 1;
    this.#pending = new PendingCommit(this.#pool);
    return sealed;
  }

  /** Closes the slice that a probe's rows are added to. */
  closeOpenSlice(probe: ProbeState, now: number): void {
    const { open } = probe;
    if (open === undefined) return;
    this.#pending.takeStringsOf(probe, open);
    open.state.bytes += open.unflushed;
    probe.open = undefined;
    this.#close(probe, open.state, now);
  }

  /** Drops a closed slice, unless rows of it are pending: then another time. */
  drop(probe: ProbeState, slice: SliceState): boolean {
    if (this.#pending.slices.has(slice)) return false;
    probe.slices = probe.slices.filter((kept) => kept !== slice);
    this.#pending.statements.push(...dropSlice(probe, slice));
    this.#pending.views.add(probe);
    if (probe.deleted !== undefined && probe.slices.length === 0) {
      this.#pending.statements.push(...forgetProbe(probe));
      probe.current = false;
      this.#probes.delete(probe.uid);
    }
    return true;
  }

  /** Notes what a slice was measured to take. */
  measured(probe: ProbeState, slice: SliceState, bytes: number): void {
    slice.bytes = bytes;
    if (probe.open?.state === slice) probe.open.unflushed = 0;
    this.#pending.statements.push(saveSlice(probe, slice));
  }

  /**
   * Takes over which TraceProbes there are.
   *
   * @throws RangeError for a retention that is none
   */
  setProbes(probes: readonly KnownProbe[], now: number): void {
    this.#known = new KnownProbes(probes);
    this.#follow(now);
  }

  /** Sources that may be forgotten when no event of them is stored. */
  pastSources(limits: SourceLimits, now: number): SourceState[] {
    const probeOf = (uid: string): { isGone: boolean; maxAgeMs: number } => {
      const probe = this.#probes.get(uid);
      const isGone = probe === undefined && this.#known !== undefined && this.#known.find(uid) === undefined;
      return { isGone, maxAgeMs: probe?.maxAgeMs ?? this.#maxAgeMs };
    };
    return pastSources(this.#sources.all(), probeOf, limits, now);
  }

  /** Names of the tables that hold events of a probe. */
  tablesOf(uid: string): string[] {
    const slices = this.#probes.get(uid)?.slices ?? [];
    return slices.flatMap(({ slice, tables }) =>
      tables.map(({ point, ordinal }) => eventTable({ probeUid: uid, slice }, point, ordinal)),
    );
  }

  /** Forgets sources of which nothing is stored, unless something of them has just come. */
  forget(sources: readonly SourceState[]): void {
    const forgotten = sources.filter((source) => !this.#pending.changed.has(source));
    if (forgotten.length === 0) return;
    for (const source of forgotten) this.#sources.forget(source);
    this.#pending.forgotten.push(...forgotten);
    this.#pending.statements.push(...forgetSources(forgotten.map(({ id }) => id)));
    // Their numbers may be given again: no line of theirs may be left.
    this.#logLines = Infinity;
  }

  /** Brings all probes in line with what is known of them. */
  #follow(now: number): void {
    if (this.#known === undefined) return;
    for (const probe of this.#probes.values()) this.#conform(probe, now);
  }

  /** A probe's name, retention and end are as is known, whatever agents say. */
  #conform(probe: ProbeState, now: number): void {
    const known = this.#known?.find(probe.uid);
    const name = known?.name ?? probe.name;
    const owner = this.#known?.uidOf(name);
    const next = {
      name,
      maxAgeMs: (known?.maxAgeMs ?? probe.maxAgeMs) || this.#maxAgeMs,
      maxBytes: known?.maxBytes ?? probe.maxBytes,
      deleted: known ? undefined : (probe.deleted ?? now),
      // While there is no other probe of its name, that of a deleted one still means it.
      current: owner === undefined ? probe.current : owner === probe.uid,
    };
    const changes = Object.entries(next).some(([key, value]) => probe[key as keyof typeof next] !== value);
    if (!changes) return;
    if (probe.name !== next.name || probe.current !== next.current) this.#pending.views.add(probe);
    Object.assign(probe, next);
    this.#pending.statements.push(...saveProbe(probe, now, false));
  }

  /** @throws FrameError for what an agent may not say of a probe */
  #check(description: PointDescription): void {
    const { probeUid: uid, probeName: name } = description;
    checkName(uid, this.#known?.find(uid)?.name ?? this.#probes.get(uid)?.name, name);
    try {
      checkRetention(`point schema of '${name}'`, description);
    } catch (error) {
      throw new FrameError(error instanceof Error ? error.message : String(error));
    }
  }

  #describe(description: PointDescription, now: number): ProbeState {
    const { probeUid: uid, probeName: name, point: index, generation, columns } = description;
    const known = this.#known?.find(uid);
    const maxAgeMs = (known?.maxAgeMs ?? description.maxAgeMs) || this.#maxAgeMs;
    const maxBytes = known?.maxBytes ?? description.maxBytes;
    const pending = this.#pending;
    let probe = this.#probes.get(uid);
    if (probe === undefined) {
      // Whoever knows of it will say whether its name means it.
      const isKnown = this.#known === undefined || known !== undefined;
      const current = isKnown && (this.#known?.uidOf(name) ?? uid) === uid;
      for (const other of this.#probes.values())
        if (current && other.name === name && other.current) this.#supersede(other, now);
      probe = {
        ...{ uid, name, maxAgeMs, maxBytes, current, deleted: isKnown ? undefined : now },
        ...{ points: new Map(), slices: [], open: undefined, nextSlice: 0, asText: new Set<string>() },
      };
      this.#probes.set(uid, probe);
      pending.statements.push(...saveProbe(probe, now, true));
    }
    const point = probe.points.get(index);
    if (point && point.generation > generation) return probe;
    if (probe.maxAgeMs !== maxAgeMs || probe.maxBytes !== maxBytes) {
      probe.maxAgeMs = maxAgeMs;
      probe.maxBytes = maxBytes;
      pending.statements.push(...saveProbe(probe, now, false));
    }
    const described = {
      point: index,
      name: description.pointName,
      generation,
      columns: storedColumns(columns),
    };
    if (point && JSON.stringify(writable(point)) === JSON.stringify(writable(described))) return probe;
    probe.points.set(index, described);
    pending.statements.push(...savePoint(probe, described));
    pending.views.add(probe);
    return probe;
  }

  /** Another probe has its name now. */
  #supersede(probe: ProbeState, now: number): void {
    probe.current = false;
    this.#pending.statements.push(...saveProbe(probe, now, false));
    this.#pending.views.add(probe);
  }

  /** Whether a frame has not come before. */
  #isNew({ nodeUid, node, epoch, number }: StoreFrame, now: number): boolean {
    if (number === 0n) return true;
    const source = this.#source({ nodeUid, node, epoch, probeUid: '' }, now);
    const taken = source.watermark.take(number - 1n, 1, now);
    source.stored += BigInt(taken.length);
    this.#gapsOf(source);
    return taken.length > 0;
  }

  #source(
    name: { nodeUid: string; node: string; epoch: string; probeUid: string },
    now: number,
  ): SourceState {
    const { source, isNew } = this.#sources.get(name);
    if (isNew) this.#pending.newSources.push(source);
    source.seen = now;
    this.#pending.changed.add(source);
    return source;
  }

  #gapsOf(source: SourceState): void {
    if (!source.watermark.gapsChanged) return;
    source.watermark.gapsChanged = false;
    this.#pending.gaps.add(source);
  }

  #addBatch(frame: StoreFrame, decoded: DecodedBatch, isNew: boolean, now: number): StoredBatch {
    const { batch, description } = decoded;
    const { nodeUid, node, epoch } = frame;
    const name = { nodeUid, node, epoch, probeUid: batch.probeUid };
    const nothing = { rows: batch.rows, firstRow: batch.rows, stored: 0 };
    // It came before, and has been forgotten since.
    if (!isNew && this.#sources.find(name) === undefined) return nothing;
    const source = this.#source(name, now);
    if (isNew) {
      source.filtered += batch.filtered;
      source.lostSpool += batch.loss.spool;
      source.lostGap += batch.loss.gap;
      source.lostBacklog += batch.loss.backlog;
      source.lostMalformed += batch.loss.malformed;
    }
    const ranges = batch.rows === 0 ? [] : source.watermark.take(batch.firstSequence, batch.rows, now);
    this.#gapsOf(source);
    const stored = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    if (stored === 0) return nothing;
    // The frame that described it may have been refused, or the probe forgotten.
    const probe = this.#probes.get(batch.probeUid) ?? this.#describe(description, now);
    source.stored += BigInt(stored);

    const open = probe.open ?? this.#openSlice(probe, now);
    const { table, statistics } = this.#tableFor(probe, open, description);
    const buffer = this.#pending.buffer({ probeUid: probe.uid, slice: open.state.slice }, table);
    for (const range of ranges) {
      buffer.add(batch, range, source.id, open.dictionary, open.workloads, statistics);
    }
    this.#pending.slices.set(open.state, probe);
    this.#pending.rows += stored;
    // Numbers are packed to about a third; it is measured at the next checkpoint.
    open.unflushed += stored * (24 + 3 * table.columns.length);
    return { rows: batch.rows, firstRow: batch.rows - stored, stored };
  }

  #addAccount({ nodeUid, node }: StoreFrame, { epoch, probeUid, account }: FrameAccount, now: number): void {
    const name = { nodeUid, node, epoch, probeUid };
    // What agents say again of a life that is over and forgotten.
    if (this.#sources.find(name) === undefined && this.#sources.isFormerLife(name)) return;
    const source = this.#source(name, now);
    source.account = mergeAccounts(source.account, account);
    this.#pending.accounts.add(source);
    if (account.final && !account.killed && account.unknownSince === 0n) {
      source.watermark.finish(account.delivered, now);
      this.#gapsOf(source);
    }
  }

  #openSlice(probe: ProbeState, now: number): OpenSlice {
    const open = openSlice(probe, now);
    this.#pending.statements.push(...createSlice(probe, open.state));
    return open;
  }

  #tableFor(probe: ProbeState, open: OpenSlice, description: PointDescription): CurrentTable {
    const { point } = description;
    const { columns, shape } = this.#shapeOf(probe, description);
    const key = `${point}/${shape}`;
    const known = open.current.get(key);
    if (known) return known;
    const ordinal = open.state.tables.filter((table) => table.point === point).length;
    const created = { table: { point, ordinal, shape, columns }, statistics: new Map() };
    open.current.set(key, created);
    open.state.tables.push(created.table);
    this.#pending.statements.push(...createTable(probe, open.state, created.table));
    this.#pending.views.add(probe);
    return created;
  }

  #shapeOf(probe: ProbeState, description: PointDescription): { columns: StoredColumn[]; shape: string } {
    const known = this.#shapes.get(description);
    if (known?.asText === probe.asText) return known;
    const prefix = `${description.point}/`;
    const names = [...probe.asText]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
    const columns = storedColumns(description.columns, new Set(names));
    const made = { asText: probe.asText, columns, shape: shapeOf(columns) };
    this.#shapes.set(description, made);
    return made;
  }

  /** Columns of codes whose strings are mostly new become text from the next row on. */
  #judgeStrings(): void {
    for (const [slice, probe] of this.#pending.slices) {
      const { open } = probe;
      if (open?.state !== slice) continue;
      const full = open.dictionary.size > maxDictionary;
      for (const { table, statistics } of open.current.values()) {
        for (const { name, column, kind } of table.columns) {
          const { rows, added } = statistics.get(column) ?? { rows: 0, added: 0 };
          const mostlyNew = rows >= judgedRows && added > newStrings * rows;
          if (kind !== 'code' || !(mostlyNew || (full && 4 * added > open.dictionary.size))) continue;
          probe.asText = new Set([...probe.asText, `${table.point}/${name}`]);
        }
      }
    }
  }

  /** Whether the logs have become long: then everything goes into new ones. */
  #renewLogs(): boolean {
    if (this.#logLines < Math.max(minLogLines, logSlack * this.#sources.size)) return false;
    this.#log++;
    this.#logLines = 0;
    return true;
  }

  #close(probe: ProbeState, slice: SliceState, now: number): void {
    slice.closed = now;
    this.#pending.statements.push(saveSlice(probe, slice));
  }

  /** Whether a dictionary has grown beyond what is kept in memory. */
  static hasFullDictionary({ open }: ProbeState): boolean {
    return open !== undefined && open.dictionary.size > maxDictionary;
  }
}

function writable({
  point,
  name,
  generation,
  columns,
}: {
  point: number;
  name: string;
  generation: bigint;
  columns: unknown;
}): unknown {
  return [point, name, String(generation), columns];
}
