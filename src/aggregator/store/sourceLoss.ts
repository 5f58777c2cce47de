import type { DurableSource, SourceAccount } from './sources.ts';

/**
 * Where every hit of a probe went in one life of one agent. attempted = filteredInKernel + captured + open + lost in
 * the kernel; captured = stored + filteredNatively + lost on the way + inFlight. `missed` is outside the sums.
 */
export interface SourceLoss {
  probeUid: string;
  node: string;
  nodeUid: string;
  /** Hexadecimal. */
  epoch: string;
  /**
   * live: more may come, the numbers are approximate; ended: in good order, exact; killed: the kernel's last counters,
   * exact; unknown: the counters went with the power, what was lost since unknownSince is not known.
   */
  state: 'live' | 'ended' | 'killed' | 'unknown';
  /** Undefined: no account came, so that only what was stored is known. */
  counters:
    | Omit<
        SourceAccount,
        'lost' | 'final' | 'killed' | 'unknownSince' | 'filteredNatively' | 'missed' | 'unattributed'
      >
    | undefined;
  missed: bigint | undefined;
  /** Captured events of which nobody knew in time whose they are; outside the sums. */
  unattributed: bigint;
  stored: bigint;
  filteredNatively: bigint;
  /** Captured and not yet said to be anywhere else; 0n at rest. */
  inFlight: bigint;
  /**
   * By reason: the agent's own (ring, share, rate, nesting, unpaired, backlog, malformed, spool, …); gap: never came,
   * and the agent did not say why; killed: captured by an agent that was killed before it could be stored.
   */
  lost: Record<string, bigint>;
  /** Events that did not come, whoever lost them: those of spool and gap. */
  missing: bigint;
  /** ns since the Unix epoch; 0n: nothing is unknown. */
  unknownSince: bigint;
}

const kernelLosses = new Set(['ring', 'share', 'rate', 'nesting', 'unpaired']);

/** The account of a source, from what its agent said and what was committed. */
export function sourceLoss(source: DurableSource): SourceLoss {
  const { account, next, stored, filtered, probeUid, node, nodeUid, epoch } = source;
  const missing = next - stored;
  const state = stateOf(account);
  const said: Record<string, bigint> = {
    spool: source.lostSpool,
    gap: source.lostGap,
    backlog: source.lostBacklog,
    malformed: source.lostMalformed,
  };
  // What the agent says of itself is at least what its batches said before; a killed one's last words are batches.
  const lost: Record<string, bigint> = { ...account?.lost };
  for (const [reason, count] of Object.entries(said)) lost[reason] = max(lost[reason] ?? 0n, count);
  const filteredNatively = state === 'killed' ? filtered : max(account?.filteredNatively ?? 0n, filtered);
  lost['gap'] = max(lost['gap'] ?? 0n, missing - (lost['spool'] ?? 0n) - (lost['refused'] ?? 0n));
  const captured = max(account?.captured ?? 0n, 0n);
  const onTheWay = Object.entries(lost).reduce(
    (sum, [reason, count]) => (kernelLosses.has(reason) ? sum : sum + count),
    0n,
  );
  const rest = account ? captured - stored - filteredNatively - onTheWay : 0n;
  if (state === 'killed' && rest > 0n) lost['killed'] = rest;
  const inFlight = state === 'live' && rest > 0n ? rest : 0n;
  return {
    probeUid,
    node,
    nodeUid,
    epoch,
    state,
    counters: account && {
      attempted: account.attempted,
      filteredInKernel: account.filteredInKernel,
      captured,
      open: account.open,
      delivered: account.delivered,
    },
    missed: account?.missed,
    unattributed: account?.unattributed ?? 0n,
    stored,
    filteredNatively,
    inFlight,
    lost: Object.fromEntries(Object.entries(lost).filter(([, count]) => count > 0n)),
    missing,
    unknownSince: account?.unknownSince ?? 0n,
  };
}

function stateOf(account: SourceAccount | undefined): SourceLoss['state'] {
  if (account === undefined) return 'live';
  if (account.unknownSince !== 0n) return 'unknown';
  if (account.killed) return 'killed';
  return account.final ? 'ended' : 'live';
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
