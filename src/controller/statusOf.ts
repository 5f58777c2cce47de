import type {
  TraceProbeStatus,
  TraceProbeStatusCondition,
  TraceProbeStatusFailure,
  TraceProbeStatusNodes,
} from '../api/index.ts';
import { canonicalJson } from './canonicalJson.ts';
import { conditionsOf, type ConditionType, type Finding } from './conditions.ts';
import { countNodes, type NodeCounts } from './countNodes.ts';
import { failureGroups } from './failureGroups.ts';
import { accepted, delivering, losing, programmed, ready, stopReasons } from './findings.ts';
import type { NodeView } from './nodeView.ts';
import type { StopReason } from './desireOf.ts';
import type { ProbeRecord } from './probeRecord.ts';
import type { Rollout } from './rollout.ts';
import { writtenCanaries } from './writtenCanaries.ts';

/** As many as the CRD lets there be; more have to wait. */
const maxCanaries = 64;

export interface StatusInput {
  probe: ProbeRecord;
  stopped: StopReason | undefined;
  rollout: Rollout;
  /** Every node that the probe selects and that is not switched off. */
  nodes: readonly NodeView[];
  /** ms since 1970, by the API server's clock. */
  now: number;
}

/**
 * The status of a probe, from what its nodes say. While a new leader has not heard of all of them yet (a node is
 * `unheard`), nothing that was written of this generation gets worse.
 */
export function statusOf(input: StatusInput): TraceProbeStatus {
  const { probe, nodes, now } = input;
  const { generation, expiresAt } = probe;
  const previous = probe.object.status ?? {};
  const counts = countNodes(nodes, generation);
  const findings = {
    Accepted: accepted(probe),
    Programmed: programmed(input, counts),
    Delivering: delivering(input, counts),
    Ready: ready(input, counts),
    ...losing(counts),
  };
  const status: TraceProbeStatus = {
    observedGeneration: generation,
    ...(expiresAt !== undefined && { expirationTime: rfc3339(expiresAt) }),
    conditions: conditionsOf(findings, generation, previous.conditions ?? [], rfc3339(now)),
    nodes: numbersOf(counts),
    ...canariesOf(input),
    failures: failureGroups(counts.failures),
  };
  const waiting = counts.unheard > 0 && previous.observedGeneration === generation;
  return waiting ? notWorse(status, previous, findings) : status;
}

/** Whether writing `next` would change nothing. */
export function sameStatus(a: TraceProbeStatus | undefined, b: TraceProbeStatus): boolean {
  return a !== undefined && canonicalJson(a) === canonicalJson(b);
}

/** While the probe is stopped the rollout stands still, also under a leader that does not know it. */
function canariesOf({ probe, rollout }: StatusInput): Pick<TraceProbeStatus, 'canaries'> {
  const known = rollout.generation === probe.generation ? rollout.canaries : writtenCanaries(probe);
  if (known.size === 0) return {};
  const canaries = [...known].map(([kernelRelease, node]) => ({ kernelRelease, node }));
  return { canaries: canaries.slice(0, maxCanaries) };
}

function numbersOf({
  desired,
  running,
  failed,
  unsupported,
  unreachable,
}: NodeCounts): TraceProbeStatusNodes {
  return { desired, running, failed, unsupported, unreachable };
}

function notWorse(
  next: TraceProbeStatus,
  previous: TraceProbeStatus,
  findings: Partial<Record<ConditionType, Finding>>,
): TraceProbeStatus {
  const nodes: TraceProbeStatusNodes = { ...next.nodes };
  for (const key of ['running', 'failed', 'unsupported', 'unreachable'] as const) {
    nodes[key] = Math.max(nodes[key] ?? 0, previous.nodes?.[key] ?? 0);
  }
  const failures = total(next.failures) >= total(previous.failures) ? next.failures : previous.failures;
  // A probe that is stopped or refused is so whatever its nodes say.
  const decided = findings.Ready !== undefined && isDecided(findings.Ready.reason);
  const conditions = decided ? next.conditions : keptConditions(next.conditions, previous.conditions);
  return { ...next, nodes, ...(failures && { failures }), ...(conditions && { conditions }) };
}

function keptConditions(
  next: TraceProbeStatusCondition[] = [],
  previous: TraceProbeStatusCondition[] = [],
): TraceProbeStatusCondition[] {
  const kept = previous.filter(({ type, reason }) => type !== 'Accepted' && !isDecided(reason));
  const keptTypes = new Set(kept.map(({ type }) => type));
  const fresh = next.filter(({ type }) => !keptTypes.has(type));
  // In the order in which they are always written.
  const order = ['Accepted', 'Programmed', 'Delivering', 'Ready', 'LosingEvents'];
  return [...fresh, ...kept].sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type));
}

function isDecided(reason: string): boolean {
  return reason === 'Invalid' || reason in stopReasons;
}

function total(failures: readonly TraceProbeStatusFailure[] = []): number {
  return failures.reduce((sum, { count }) => sum + count, 0);
}

/** As the API server writes times: whole seconds. */
function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
