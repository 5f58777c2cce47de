import type { BpfMap } from '../bpf/index.ts';

/** Names of the kernel's counters in the order of enum tp_counter in bpf/include/traceprobe.h. */
export const counterNames = [
  'attempted',
  'filtered',
  'captured',
  'lostRing',
  'lostShare',
  'lostRate',
  'lostNesting',
  'lostUnpaired',
  'opened',
  'closed',
] as const;

export type KernelCounters = Record<(typeof counterNames)[number], bigint>;

/** Sums a slot's counters over all CPUs. */
export function readCounters(counters: BpfMap, slot: number): KernelCounters {
  const key = Buffer.alloc(4);
  key.writeUInt32LE(slot);
  const values = counters.lookupPerCpu(key) ?? [];
  const total = (index: number): bigint =>
    values.reduce((sum, value) => sum + value.readBigUInt64LE(8 * index), 0n);
  return Object.fromEntries(counterNames.map((name, index) => [name, total(index)])) as KernelCounters;
}

/** Starts a slot's counters from zero. */
export function clearCounters(counters: BpfMap, slot: number): void {
  const key = Buffer.alloc(4);
  key.writeUInt32LE(slot);
  const values = counters.lookupPerCpu(key) ?? [];
  counters.updatePerCpu(
    key,
    values.map(() => new Uint8Array(counters.valueSize)),
  );
}

/**
 * Where every hit of a probe went. Exact at rest (disarmed and drained), approximate while events flow:
 * attempted = filteredInKernel + captured + lost in the kernel + open;
 * captured = delivered + filteredNatively + lost on the way.
 */
export interface Account {
  attempted: bigint;
  filteredInKernel: bigint;
  captured: bigint;
  /** Entries whose return has not been seen. */
  open: bigint;
  filteredNatively: bigint;
  /** Handed over as batches. */
  delivered: bigint;
  /** By reason; only those that are not zero. */
  lost: Partial<Record<LossReason, bigint>>;
  /** Runs that the kernel itself skipped (recursion), outside the sums; undefined where it does not count them. */
  missed: bigint | undefined;
  /** Of those captured: nobody knew in time of which pod or host process they are. Outside the sums. */
  unattributed: bigint;
}

export const lossReasons = ['ring', 'share', 'rate', 'nesting', 'unpaired', 'backlog', 'malformed'] as const;
export type LossReason = (typeof lossReasons)[number];

/** What the draining thread did with a slot's records. */
export interface DrainCounts {
  delivered: bigint;
  filtered: bigint;
  backlog: bigint;
  malformed: bigint;
  unattributed?: bigint;
}

/** An account from the kernel's counters, the draining thread's and what the kernel skipped. */
export function accountOf(kernel: KernelCounters, drain: DrainCounts, missed: bigint | undefined): Account {
  const losses: Record<LossReason, bigint> = {
    ring: kernel.lostRing,
    share: kernel.lostShare,
    rate: kernel.lostRate,
    nesting: kernel.lostNesting,
    unpaired: kernel.lostUnpaired,
    backlog: drain.backlog,
    malformed: drain.malformed,
  };
  return {
    attempted: kernel.attempted,
    filteredInKernel: kernel.filtered,
    captured: kernel.captured,
    open: kernel.opened - kernel.closed,
    filteredNatively: drain.filtered,
    delivered: drain.delivered,
    lost: Object.fromEntries(Object.entries(losses).filter(([, count]) => count !== 0n)),
    missed,
    unattributed: drain.unattributed ?? 0n,
  };
}

/** The account of several points together. */
export function sumAccounts(accounts: readonly Account[]): Account {
  const sum = (pick: (account: Account) => bigint): bigint =>
    accounts.reduce((total, account) => total + pick(account), 0n);
  const lost = lossReasons
    .map((reason) => [reason, sum((account) => account.lost[reason] ?? 0n)] as const)
    .filter(([, count]) => count !== 0n);
  return {
    attempted: sum((account) => account.attempted),
    filteredInKernel: sum((account) => account.filteredInKernel),
    captured: sum((account) => account.captured),
    open: sum((account) => account.open),
    filteredNatively: sum((account) => account.filteredNatively),
    delivered: sum((account) => account.delivered),
    lost: Object.fromEntries(lost),
    missed: accounts.some((account) => account.missed === undefined)
      ? undefined
      : sum((account) => account.missed ?? 0n),
    unattributed: sum((account) => account.unattributed),
  };
}

/** What the two sums of an account are short of; both 0n at rest. */
export function imbalance(account: Account): { kernel: bigint; delivery: bigint } {
  const lost = (...reasons: LossReason[]): bigint =>
    reasons.reduce((total, reason) => total + (account.lost[reason] ?? 0n), 0n);
  return {
    kernel:
      account.attempted -
      account.filteredInKernel -
      account.captured -
      account.open -
      lost('ring', 'share', 'rate', 'nesting', 'unpaired'),
    delivery: account.captured - account.delivered - account.filteredNatively - lost('backlog', 'malformed'),
  };
}
