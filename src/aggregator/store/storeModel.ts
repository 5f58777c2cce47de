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
import { shapeOf, storedColumns, type StoredColumn } from './layout.ts';
import type { LoadedState } from './loadState.ts';
import { createLogs, dropLogs, progressOf } from './logs.ts';
import { PendingCommit } from './pendingCommit.ts';
import type { RetainedProbe } from './retention.ts';
import { mergeAccounts, type Sources, type SourceState } from './sources.ts';
import {
  createSlice,
  createTable,
  dropSlice,
  forgetProbe,
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
  readonly #streams = new Map<number, StreamPoints>();
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

  /** @param maxAgeMs of probes that do not say */
  constructor({ probes, sources, views, commit, log }: LoadedState, maxAgeMs: number, now: number) {
    this.#probes = probes;
    this.#sources = sources;
    this.#views = views;
    this.#commit = commit;
    this.#log = log;
    this.#maxAgeMs = maxAgeMs;
    if (log === 0) this.#pending.statements.push(...createLogs((this.#log = 1)));
    // Their dictionaries are not in memory any more.
    for (const probe of probes.values()) {
      for (const slice of probe.slices) if (slice.closed === undefined) this.#close(probe, slice, now);
    }
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
    for (const { probeUid, probeName } of frame.schemas) this.#checkName(probeUid, probeName);
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
    const views = [...pending.views].flatMap((probe) => {
      const { statements, names } = replaceViews(probe, this.#views.get(probe.uid) ?? []);
      this.#views.set(probe.uid, names);
      return statements;
    });
    const log = this.#log;
    const renewed = this.#renewLogs();
    const sealed = {
      number: ++this.#commit,
      log: this.#log,
      statements: [
        ...pending.statements,
        ...views,
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

  /** Marks probes whose TraceProbe is gone; those that are there again are not. */
  setDeleted(isThere: (uid: string) => boolean, now: number): void {
    for (const probe of this.#probes.values()) {
      const deleted = isThere(probe.uid) ? undefined : (probe.deleted ?? now);
      if (deleted === probe.deleted) continue;
      probe.deleted = deleted;
      this.#pending.statements.push(...saveProbe(probe, now, false));
    }
  }

  #checkName(uid: string, name: string): void {
    const known = this.#probes.get(uid)?.name ?? name;
    if (known !== name) {
      throw new FrameError(
        `point schema: probe '${uid}' is called '${known}', not '${name}': names never change`,
      );
    }
  }

  #describe(description: PointDescription, now: number): void {
    const { probeUid: uid, probeName: name, point: index, generation, columns } = description;
    const maxAgeMs = description.maxAgeMs || this.#maxAgeMs;
    const pending = this.#pending;
    let probe = this.#probes.get(uid);
    if (probe === undefined) {
      for (const other of this.#probes.values())
        if (other.name === name && other.current) this.#supersede(other, now);
      probe = {
        ...{ uid, name, maxAgeMs, maxBytes: description.maxBytes, current: true, deleted: undefined },
        ...{ points: new Map(), slices: [], open: undefined, nextSlice: 0, asText: new Set<string>() },
      };
      this.#probes.set(uid, probe);
      pending.statements.push(...saveProbe(probe, now, true));
    }
    const point = probe.points.get(index);
    if (point && point.generation > generation) return;
    if (probe.maxAgeMs !== maxAgeMs || probe.maxBytes !== description.maxBytes) {
      probe.maxAgeMs = maxAgeMs;
      probe.maxBytes = description.maxBytes;
      pending.statements.push(...saveProbe(probe, now, false));
    }
    const described = {
      point: index,
      name: description.pointName,
      generation,
      columns: storedColumns(columns),
    };
    if (point && JSON.stringify(writable(point)) === JSON.stringify(writable(described))) return;
    probe.points.set(index, described);
    pending.statements.push(...savePoint(probe, described));
    pending.views.add(probe);
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
    const source = this.#source({ nodeUid, node, epoch, probeUid: batch.probeUid }, now);
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
    const probe = this.#probes.get(batch.probeUid);
    if (stored === 0 || probe === undefined) return { rows: batch.rows, firstRow: batch.rows, stored: 0 };
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
    const source = this.#source({ nodeUid, node, epoch, probeUid }, now);
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
