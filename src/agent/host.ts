import { randomBytes } from 'node:crypto';
import { synchronize } from '../bpf/index.ts';
import { Capture, type CapturedWorkload, type Flush, type FlushedBatch } from '../capture/capture.ts';
import { recordSchema } from '../capture/recordSchema.ts';
import type { ConfigPlacement } from '../probe/config.ts';
import type { PointPlan, ProbePlan } from '../probe/plan.ts';
import {
  accountOf,
  clearCounters,
  readCounters,
  sumAccounts,
  type Account,
  type DrainCounts,
} from './account.ts';
import type { DelayedUnlinks } from './delayedUnlink/delayedUnlinks.ts';
import { encodeFileEvent, type FileEvent } from './delayedUnlink/fileEvent.ts';
import type { Epochs, OpenEpoch } from './epochs.ts';
import { RunningPoint, type NextGeneration } from './runningPoint.ts';
import { createSharedMaps, type SharedMaps } from './sharedMaps.ts';
import { Slots } from './slots.ts';

/** A batch of one point of a running probe. */
export interface ProbeBatch {
  probe: ProbePlan;
  point: PointPlan;
  rows: number;
  /** EventBatch, encoded. */
  bytes: Buffer;
}

/** Which workloads a probe is for: those that setWorkloads names with its gate. */
export interface ProbeScope {
  /** Also what is in interrupts, and so nobody's. */
  host: boolean;
  /** From now on this gate is the probe's, and goes by this scope: called before anything of it runs. */
  place(gate: number): void;
  /** The gate is nobody's any more, or its probe is for everything now. */
  release(gate: number): void;
}

export interface HostOptions {
  /** Takes batches; while its promise is open, later ones wait up to a bound and are then counted as lost. */
  onBatches: (batches: ProbeBatch[]) => void | Promise<void>;
  /** Bytes of the ring; a power of two. */
  ringBytes?: number;
  flushMilliseconds?: number;
  /** Batches without rows too: they say how many events the native part of a filter refused. Default: no. */
  emptyBatches?: boolean;
  /** Bytes of batches that may wait for onBatches; what comes beyond them is lost as backlog. Default 64 MiB. */
  maxPendingBytes?: number;
  /** This machine's name, for filters that ask for `node`. Default: os.hostname(). */
  node?: string;
  /** Whose ids setWorkloads is told: 1 is the hierarchy of the memory controller. Default 2. */
  cgroupVersion?: 1 | 2;
  /** Events of these cgroups wait, at most 5 s, for setWorkloads to say whose they are. */
  onUnknownCgroups?: (cgroups: bigint[]) => void;
  /** Delays deletions, for the first probe of kind delayedUnlink; left out: such probes are refused. */
  openUnlinks?: (tell: (uid: string, event: FileEvent) => void) => DelayedUnlinks;
  /** Keeps the account beyond a kill -9; left out: counters end with the process. */
  epochs?: Pick<Epochs, 'open'>;
}

interface PointEntry {
  plan: PointPlan;
  running: RunningPoint;
  counts: Required<DrainCounts>;
}

interface ProbeEntry {
  plan: ProbePlan;
  scope: ProbeScope | undefined;
  gate: number;
  schema: number;
  points: Map<string, PointEntry>;
  /** Accounts of points that earlier generations had. */
  past: Account[];
  /** Its last account, while its points are being taken down. */
  ended?: Account;
  stopping?: Promise<Account>;
}

/** Most records of a slot carry its current schema; old ones are told apart by 16 bits. */
const schemas = 1 << 16;

/**
 * The probes of one machine: shared maps, the draining thread, and what runs. Everything that happens to a probe goes
 * through here; plans come from whoever has them (a file, a controller), batches go to whoever wants them.
 */
export class Host {
  readonly epoch = randomBytes(16);
  readonly maps: SharedMaps;
  readonly #epoch: OpenEpoch | undefined;
  readonly #capture: Capture;
  readonly #slots: Slots;
  readonly #gates: Slots;
  readonly #share: bigint;
  readonly #cgroupVersion: 1 | 2;
  readonly #openUnlinks: HostOptions['openUnlinks'];
  readonly #probes = new Map<string, ProbeEntry>();
  /** Who gets the batches of a slot and schema. */
  readonly #routes = new Map<string, { probe: ProbePlan; entry: PointEntry; point: PointPlan }>();

  #unlinks: DelayedUnlinks | undefined;

  constructor(options: HostOptions) {
    using kept = new DisposableStack();
    this.maps = kept.use(createSharedMaps(options.ringBytes));
    this.#epoch = options.epochs?.open(this.epoch, this.maps.counters);
    kept.defer(() => this.#epoch?.close());
    this.#slots = new Slots(this.maps.counters.maxEntries, 'points');
    this.#gates = new Slots(this.maps.gates.maxEntries, 'probes');
    this.#cgroupVersion = options.cgroupVersion ?? 2;
    this.#openUnlinks = options.openUnlinks;
    // One probe that floods leaves half of the ring to the others.
    this.#share = BigInt(this.maps.events.maxEntries) / 2n;
    this.#capture = new Capture({
      rings: [this.maps.events],
      gates: this.maps.gates,
      epoch: this.epoch,
      ...(options.node === undefined ? {} : { node: options.node }),
      ...(options.flushMilliseconds === undefined ? {} : { flushMilliseconds: options.flushMilliseconds }),
      ...(options.maxPendingBytes === undefined ? {} : { maxPendingBytes: options.maxPendingBytes }),
      onFlush: (flush) => {
        this.#count(flush);
        if (flush.unknownCgroups.length > 0) options.onUnknownCgroups?.(flush.unknownCgroups);
        const batches = flush.batches
          .filter(({ rows }) => rows > 0 || options.emptyBatches === true)
          .flatMap((batch) => this.#routed(batch));
        if (batches.length > 0) return options.onBatches(batches);
      },
    });
    this.#capture.keepAlive(true);
    kept.move();
  }

  /** Names of the running probes' UIDs. */
  get probes(): ProbePlan[] {
    return [...this.#probes.values()].map(({ plan }) => plan);
  }

  /**
   * Starts a probe, or replaces the generation that runs: points whose hooks stayed change over without a gap or a
   * double count.
   * @param scope left out: everything on this machine; else what setWorkloads says
   * @throws VerifierError, BpfError: what ran before goes on
   */
  async apply(plan: ProbePlan, scope?: ProbeScope): Promise<void> {
    const existing = this.#probes.get(plan.uid);
    await (existing ? this.#replace(existing, plan, scope) : this.#start(plan, scope));
    if (plan.delayedUnlink === undefined) return;
    try {
      this.unlinks().apply(plan);
    } catch (error) {
      if (existing === undefined) await this.stop(plan.uid);
      throw error;
    }
  }

  /** What delays deletions on this machine, once a probe has wanted that. */
  get delayedUnlinks(): DelayedUnlinks | undefined {
    return this.#unlinks;
  }

  /** What delays deletions on this machine; opened when it is not yet. */
  unlinks(): DelayedUnlinks {
    if (this.#openUnlinks === undefined) throw new Error('deletions cannot be delayed here');
    this.#unlinks ??= this.#openUnlinks((uid, event) => {
      if (this.#probes.has(uid)) this.report(uid, 'files', encodeFileEvent(event));
    });
    return this.#unlinks;
  }

  /** Delays no more deletions; before probes are stopped: what is kept stays so for the next process where it can. */
  async leaveUnlinks(): Promise<void> {
    await this.#unlinks?.close();
    this.#unlinks = undefined;
  }

  /** Says whose cgroups are and which probes select them, by gate: to the kernel, and to the draining thread. */
  setWorkloads(set: readonly CapturedWorkload[], removed: readonly bigint[] = []): void {
    const { workloads } = this.maps;
    // The thread first: what the kernel lets through, it decides again.
    this.#capture.setWorkloads(set, removed);
    for (const { cgroup, gates } of set) {
      const probes = Buffer.alloc(workloads.valueSize);
      for (const gate of gates) {
        const at = gate >> 3;
        probes.writeUInt8(probes.readUInt8(at) | (1 << (gate & 7)), at);
      }
      workloads.update(cgroupKey(cgroup), probes);
    }
    for (const cgroup of removed) workloads.delete(cgroupKey(cgroup));
  }

  /** Events of cgroups about which nobody said anything in time. */
  get unattributed(): number {
    return this.#capture.stats().unattributed;
  }

  /**
   * Stops a probe and returns its account, exact: everything captured has been delivered before. Whoever asks while it
   * is being stopped gets the same account.
   */
  async stop(uid: string): Promise<Account> {
    const entry = this.#probe(uid);
    entry.stopping ??= this.#stop(uid, entry);
    return entry.stopping;
  }

  async #stop(uid: string, entry: ProbeEntry): Promise<Account> {
    this.#unlinks?.stop(uid);
    await this.#settle(entry.points.values());
    const account = this.account(uid);
    entry.ended = account;
    for (const point of entry.points.values()) await this.#drop(point, entry.schema);
    this.#releaseGate(entry);
    this.#probes.delete(uid);
    return account;
  }

  /**
   * Tells an event of a point whose hook is 'report'.
   * @param record as encodeRecord makes it
   * @returns false: it was not taken, nor counted
   */
  report(uid: string, point: string, record: Uint8Array): boolean {
    return this.#probe(uid).points.get(point)?.running.report(record) === true;
  }

  /** Nothing of the probe runs any more, but it stays loaded: arm it again with resume. */
  async suspend(uid: string): Promise<void> {
    await this.#settle(this.#probe(uid).points.values());
  }

  resume(uid: string): void {
    for (const point of this.#probe(uid).points.values()) point.running.arm();
  }

  /** What became of the probe's hits so far; exact while nothing of it runs and after a drain. */
  account(uid: string): Account {
    const { points, past, ended } = this.#probe(uid);
    if (ended !== undefined) return ended;
    return sumAccounts([...past, ...[...points.values()].map((point) => this.#pointAccount(point))]);
  }

  /** The same by point, of those that there are now. */
  accounts(uid: string): Map<string, Account> {
    const points = [...this.#probe(uid).points];
    return new Map(points.map(([name, point]) => [name, this.#pointAccount(point)]));
  }

  /** Runs and time of a probe's programs while statistics are on. */
  statistics(uid: string): { runCount: number; runTimeNs: number; missed: number | undefined }[] {
    const { points, ended } = this.#probe(uid);
    return ended === undefined ? [...points.values()].map(({ running }) => running.statistics) : [];
  }

  /** The kernel's ids of what is attached, by point: what bpftool and /proc/PID/fdinfo call them. */
  programIds(uid: string): Map<string, number[]> {
    const points = [...this.#probe(uid).points];
    return new Map(points.map(([name, { running }]) => [name, running.programIds]));
  }

  /** Settled when everything captured so far has been delivered. */
  async drain(): Promise<void> {
    await this.#capture.drain();
  }

  /**
   * Stops everything. Accounts are to be taken before, by stop.
   * @param leaveEpoch the accounts could not be handed on: the pinned counters stay for the next process to read
   */
  async close({ leaveEpoch = false } = {}): Promise<void> {
    await using closing = new AsyncDisposableStack();
    closing.use(this.maps);
    closing.defer(() => {
      if (!leaveEpoch) this.#epoch?.close();
    });
    closing.use(this.#capture);
    // Each of them, also when another one cannot be stopped.
    for (const uid of this.#probes.keys()) {
      closing.defer(async () => {
        if (this.#probes.has(uid)) await this.stop(uid);
      });
    }
    closing.defer(() => this.leaveUnlinks());
  }

  async #start(plan: ProbePlan, scope: ProbeScope | undefined): Promise<void> {
    const gate = this.#gates.take();
    const entry: ProbeEntry = { plan, scope, gate, schema: 1, points: new Map(), past: [] };
    try {
      scope?.place(gate);
      for (const [index, point] of plan.points.entries()) this.#attach(entry, point, index);
    } catch (error) {
      for (const point of entry.points.values()) await this.#drop(point, entry.schema);
      this.#releaseGate(entry);
      throw error;
    }
    this.#probes.set(plan.uid, entry);
    for (const point of entry.points.values()) point.running.arm();
  }

  /** Everything that can fail comes first; then the generations change over. */
  async #replace(entry: ProbeEntry, plan: ProbePlan, scope: ProbeScope | undefined): Promise<void> {
    const schema = (entry.schema + 1) % schemas;
    const next: ProbeEntry = { plan, scope, gate: entry.gate, schema, points: new Map(), past: entry.past };
    const attached: PointEntry[] = [];
    const kept: { point: PointEntry; plan: PointPlan; generation: NextGeneration }[] = [];
    try {
      for (const [index, point] of plan.points.entries()) {
        const old = entry.points.get(point.name);
        if (old?.running.canBecome(point)) {
          const generation = old.running.prepare(point, this.#place(next, old.running.slot));
          kept.push({ point: old, plan: point, generation });
          next.points.set(point.name, old);
          this.#route(next, point, index, old);
        } else {
          attached.push(this.#attach(next, point, index));
        }
      }
    } catch (error) {
      for (const point of attached) await this.#drop(point, schema);
      for (const { point, generation } of kept) {
        generation[Symbol.dispose]();
        await this.#forget(point.running.slot, schema);
      }
      throw error;
    }
    this.#probes.set(plan.uid, next);
    scope?.place(next.gate);
    for (const { point, plan: pointPlan, generation } of kept) {
      generation.commit();
      point.plan = pointPlan;
    }
    for (const point of attached) point.running.arm();
    const gone = [...entry.points.values()].filter((old) => !kept.some(({ point }) => point === old));
    for (const point of gone) point.running.disarm();
    await synchronize();
    for (const { point, generation } of kept) {
      generation[Symbol.dispose]();
      await this.#forget(point.running.slot, entry.schema);
    }
    await this.#drainOf(gone);
    next.past = [...entry.past, ...gone.map((point) => this.#pointAccount(point))];
    for (const point of gone) await this.#drop(point, entry.schema);
    // Only now: records of the old generation were decided by it.
    if (scope === undefined) entry.scope?.release(entry.gate);
  }

  #attach(entry: ProbeEntry, plan: PointPlan, index: number): PointEntry {
    const slot = this.#slots.take();
    try {
      clearCounters(this.maps.counters, slot);
      this.#epoch?.assign({
        slot,
        probeUid: entry.plan.uid,
        probe: entry.plan.name,
        point: plan.name,
      });
      const running = new RunningPoint(plan, this.#place(entry, slot), this.maps);
      const counts = { delivered: 0n, filtered: 0n, backlog: 0n, malformed: 0n, unattributed: 0n };
      const point = { plan, running, counts };
      entry.points.set(plan.name, point);
      this.#route(entry, plan, index, point);
      return point;
    } catch (error) {
      this.#release(slot);
      throw error;
    }
  }

  #place({ gate, schema, plan, scope }: ProbeEntry, slot: number): ConfigPlacement {
    const cgroupVersion = this.#cgroupVersion;
    return {
      slot,
      gate,
      schema,
      scoped: scope !== undefined,
      cgroupVersion,
      rate: plan.rate,
      share: this.#share,
    };
  }

  #route(entry: ProbeEntry, plan: PointPlan, index: number, point: PointEntry): void {
    const { slot } = point.running;
    const { uid, generation } = entry.plan;
    this.#routes.set(routeKey(slot, entry.schema), { probe: entry.plan, entry: point, point: plan });
    const place = { slot, schema: entry.schema, gate: entry.gate, probeUid: uid, generation, point: index };
    const scope = { scoped: entry.scope !== undefined, host: entry.scope?.host ?? true };
    this.#capture.addSchema(recordSchema(plan, { ...place, ...scope }));
  }

  async #drop(point: PointEntry, schema: number): Promise<void> {
    point.running.disarm();
    await synchronize();
    point.running.close();
    const { slot } = point.running;
    await this.#forget(slot, schema);
    this.#release(slot);
  }

  #releaseGate({ gate, scope }: ProbeEntry): void {
    scope?.release(gate);
    this.#gates.release(gate);
  }

  #release(slot: number): void {
    this.#epoch?.release(slot, readCounters(this.maps.counters, slot));
    this.#slots.release(slot);
  }

  async #forget(slot: number, schema: number): Promise<void> {
    await this.#capture.removeSchema(slot, schema);
    this.#routes.delete(routeKey(slot, schema));
  }

  /** Points run no more: their programs have ended, and everything of them has been delivered. */
  async #settle(points: Iterable<PointEntry>): Promise<void> {
    const settling = [...points];
    for (const point of settling) point.running.disarm();
    await synchronize();
    await this.#drainOf(settling);
  }

  /** What other points captured goes on waiting to be told whose it is. */
  async #drainOf(points: readonly PointEntry[]): Promise<void> {
    await Promise.all(points.map(({ running }) => this.#capture.drain(running.slot)));
  }

  #count(flush: Flush): void {
    for (const { slot, schema, rows, filtered, backlog, malformed, unknown, unattributed } of flush.counts) {
      const counts = this.#routes.get(routeKey(slot, schema))?.entry.counts;
      if (counts === undefined) continue;
      counts.delivered += BigInt(rows);
      counts.filtered += BigInt(filtered);
      counts.backlog += BigInt(backlog);
      counts.malformed += BigInt(malformed + unknown);
      counts.unattributed += BigInt(unattributed);
    }
  }

  #routed({ slot, schema, rows, bytes }: FlushedBatch): ProbeBatch[] {
    const route = this.#routes.get(routeKey(slot, schema));
    return route === undefined ? [] : [{ probe: route.probe, point: route.point, rows, bytes }];
  }

  #pointAccount({ running, counts }: PointEntry): Account {
    const { missed } = running.statistics;
    const kernel = readCounters(this.maps.counters, running.slot);
    return accountOf(kernel, counts, missed === undefined ? undefined : BigInt(missed));
  }

  #probe(uid: string): ProbeEntry {
    const entry = this.#probes.get(uid);
    if (entry === undefined) throw new RangeError(`no probe of UID '${uid}' is running`);
    return entry;
  }
}

function cgroupKey(cgroup: bigint): Buffer {
  const key = Buffer.alloc(8);
  key.writeBigUInt64LE(cgroup);
  return key;
}

function routeKey(slot: number, schema: number): string {
  return `${slot}/${schema}`;
}
