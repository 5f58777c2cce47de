import { labelSelectorMatches } from '../api/index.ts';
import { isDisabled, type NodeRecord } from './nodeRecord.ts';
import type { ProbeRecord } from './probeRecord.ts';
import { isOpen, type Rollout } from './rollout.ts';
import { writtenCanaries } from './writtenCanaries.ts';

/** Why nothing of a probe runs anywhere. */
export type StopReason = 'SuspendedClusterWide' | 'Suspended' | 'Expired';

/** What holds for the whole cluster at one moment. */
export interface PlanContext {
  /** ms since 1970, by the API server's clock. */
  now: number;
  /** `traceprobe suspend --all` */
  suspended: boolean;
}

/**
 * What a node is told of a probe. Run: this generation. Hold: keep whatever generation runs, start none: it is rolled
 * out elsewhere first, or makes no sense. Stop: detached, but kept.
 */
export type Desire = 'Run' | 'Hold' | 'Stop';

/** Expiry comes first, for it is the one that cannot be undone. */
export function stopReason(probe: ProbeRecord, { now, suspended }: PlanContext): StopReason | undefined {
  if (probe.expiresAt !== undefined && probe.expiresAt <= now) return 'Expired';
  if (suspended) return 'SuspendedClusterWide';
  if (probe.object.spec.suspend) return 'Suspended';
  return undefined;
}

/** Whether a node is one of the probe's, running or not. */
export function selects({ object }: ProbeRecord, node: NodeRecord): boolean {
  return labelSelectorMatches(object.spec.scope?.nodeSelector, node.labels);
}

/** What a node is to do with a probe; undefined: forget it. */
export function desireOf(
  probe: ProbeRecord,
  node: NodeRecord,
  rollout: Rollout,
  context: PlanContext,
): Desire | undefined {
  if (!selects(probe, node)) return undefined;
  if (isDisabled(node) || stopReason(probe, context) !== undefined) return 'Stop';
  // A rollout of the generation before says nothing of this one.
  const isOpened = rollout.generation === probe.generation && isOpen(rollout, node);
  const isCanary = rollout.canaries.get(node.kernelRelease) === node.name;
  if (isCanary && writtenCanaries(probe).get(node.kernelRelease) !== node.name) return 'Hold';
  return probe.acceptance.accepted && isOpened ? 'Run' : 'Hold';
}
