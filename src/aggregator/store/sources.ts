import { Watermark, type Gap } from './watermark.ts';

/** Counters of an agent's life for one probe, as its last account said: EpochAccount in ingest.proto. */
export interface SourceAccount {
  attempted: bigint;
  filteredInKernel: bigint;
  captured: bigint;
  open: bigint;
  filteredNatively: bigint;
  lost: Record<string, bigint>;
  missed: bigint | undefined;
  delivered: bigint;
  final: boolean;
  killed: boolean;
  /** ns since the Unix epoch; 0n: the counters are known. */
  unknownSince: bigint;
  /** Captured events of which nobody knew in time whose they are; outside the sums. */
  unattributed: bigint;
}

/** What batches said, counted once each. */
export interface SourceCounts {
  /** Events in the store, or dropped from it by retention. */
  stored: bigint;
  filtered: bigint;
  lostSpool: bigint;
  lostGap: bigint;
  lostBacklog: bigint;
  lostMalformed: bigint;
}

export const sourceCounts = [
  'stored',
  'filtered',
  'lostSpool',
  'lostGap',
  'lostBacklog',
  'lostMalformed',
] as const satisfies (keyof SourceCounts)[];

/** Where events come from: one probe in one life of the agent of one node. */
export interface SourceName {
  nodeUid: string;
  node: string;
  /** Hexadecimal. */
  epoch: string;
  /** Empty for the source whose numbers are an epoch's frames. */
  probeUid: string;
}

/** What is committed of a source. */
export interface DurableSource extends SourceName, SourceCounts {
  id: number;
  /** Number of the next event; stored + missing. */
  next: bigint;
  gaps: readonly Gap[];
  account: SourceAccount | undefined;
  /** Last frame, ms since the Unix epoch. */
  seen: number;
}

export interface SourceState extends SourceName, SourceCounts {
  id: number;
  watermark: Watermark;
  account: SourceAccount | undefined;
  seen: number;
}

/** All sources, by who they are. */
export class Sources {
  readonly #byKey = new Map<string, SourceState>();
  /** By node: what counts the frames of its agent's newest life. */
  readonly #newest = new Map<string, SourceState>();
  #nextId = 1;

  get size(): number {
    return this.#byKey.size;
  }

  all(): IterableIterator<SourceState> {
    return this.#byKey.values();
  }

  find({ nodeUid, epoch, probeUid }: Omit<SourceName, 'node'>): SourceState | undefined {
    return this.#byKey.get(keyOf(nodeUid, epoch, probeUid));
  }

  /** The source, and whether it is a new one. */
  get(name: SourceName): { source: SourceState; isNew: boolean } {
    const known = this.find(name);
    if (known) return { source: known, isNew: false };
    const source: SourceState = {
      ...name,
      id: this.#nextId,
      watermark: new Watermark(),
      account: undefined,
      seen: 0,
      stored: 0n,
      filtered: 0n,
      lostSpool: 0n,
      lostGap: 0n,
      lostBacklog: 0n,
      lostMalformed: 0n,
    };
    this.restore(source);
    return { source, isNew: true };
  }

  /** Whether frames of this life came, and then frames of a later life on the same node. */
  isFormerLife({ nodeUid, epoch }: Pick<SourceName, 'nodeUid' | 'epoch'>): boolean {
    const newest = this.#newest.get(nodeUid);
    return newest?.epoch !== epoch && this.find({ nodeUid, epoch, probeUid: '' }) !== undefined;
  }

  restore(source: SourceState): void {
    const newest = this.#newest.get(source.nodeUid);
    if (source.probeUid === '' && (newest === undefined || newest.id < source.id)) {
      this.#newest.set(source.nodeUid, source);
    }
    this.#byKey.set(keyOf(source.nodeUid, source.epoch, source.probeUid), source);
    this.#nextId = Math.max(this.#nextId, source.id + 1);
  }

  forget(source: SourceState): void {
    if (this.#newest.get(source.nodeUid) === source) this.#newest.delete(source.nodeUid);
    this.#byKey.delete(keyOf(source.nodeUid, source.epoch, source.probeUid));
  }
}

function keyOf(nodeUid: string, epoch: string, probeUid: string): string {
  return `${nodeUid}/${epoch}/${probeUid}`;
}

/**
 * An account takes the place of the one before, unless that one knew more: the final one of an agent that ended in good
 * order knows all, the kernel's counters of one that was killed know more than what it last said itself, and "unknown
 * since" only adds that to what was known.
 */
export function mergeAccounts(before: SourceAccount | undefined, now: SourceAccount): SourceAccount {
  if (before === undefined) return now;
  if (now.unknownSince !== 0n) return { ...before, unknownSince: now.unknownSince };
  if (rank(now) < rank(before)) return before;
  // The kernel does not count them: what the killed agent said last is all that is known.
  return now.killed ? { ...now, unattributed: before.unattributed } : now;
}

function rank({ final, killed }: SourceAccount): number {
  if (killed) return 1;
  return final ? 2 : 0;
}
