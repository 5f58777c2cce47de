import type { TraceProbeStatusCondition } from '../api/index.ts';

export type ConditionType = 'Accepted' | 'Programmed' | 'Delivering' | 'Ready' | 'LosingEvents';

/** What a condition says, before it is known since when. */
export interface Finding {
  status: TraceProbeStatusCondition['status'];
  /** CamelCase, for machines. */
  reason: string;
  /** For people. */
  message: string;
}

/**
 * Findings as conditions. The time of the last transition is kept while the status is the same.
 * @param now RFC 3339
 */
export function conditionsOf(
  findings: Partial<Record<ConditionType, Finding>>,
  generation: number,
  previous: readonly TraceProbeStatusCondition[],
  now: string,
): TraceProbeStatusCondition[] {
  return Object.entries(findings).map(([type, { status, reason, message }]) => {
    const before = previous.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now;
    return { type, status, observedGeneration: generation, lastTransitionTime, reason, message };
  });
}
