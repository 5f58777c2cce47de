import type { TraceProbeStatus, TraceProbeStatusCondition } from '../api/index.ts';

/** A Kubernetes Event about a probe. */
export interface StatusEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** What a new status is worth telling, for `kubectl describe`: what was not so before. */
export function statusEvents(before: TraceProbeStatus | undefined, after: TraceProbeStatus): StatusEvent[] {
  const events: StatusEvent[] = [];
  const changed = (type: string): TraceProbeStatusCondition | undefined => {
    const now = after.conditions?.find((condition) => condition.type === type);
    const then = before?.conditions?.find((condition) => condition.type === type);
    return now?.status === then?.status && now?.reason === then?.reason ? undefined : now;
  };
  const accepted = changed('Accepted');
  if (accepted) events.push(event(accepted.status === 'True' ? 'Normal' : 'Warning', accepted));
  const ready = changed('Ready');
  if (ready && told.has(ready.reason)) events.push(event(told.get(ready.reason) ?? 'Normal', ready));
  const losing = changed('LosingEvents');
  if (losing) events.push(event('Warning', losing));
  const known = new Set((before?.failures ?? []).map(({ reason, message }) => `${reason}\n${message}`));
  for (const { reason, message, count, nodes } of after.failures ?? []) {
    // That agents come and go is the cluster's life; the status has their number.
    if (reason === 'AgentUnreachable' || known.has(`${reason}\n${message}`)) continue;
    const others = count > nodes.length ? ` and ${count - nodes.length} more` : '';
    events.push({ type: 'Warning', reason, message: `on ${nodes.join(', ')}${others}: ${message}` });
  }
  return events;
}

/** Reasons of Ready that somebody may be looking for. */
const told = new Map<string, StatusEvent['type']>([
  ['Running', 'Normal'],
  ['Suspended', 'Normal'],
  ['SuspendedClusterWide', 'Normal'],
  ['Expired', 'Normal'],
  ['CanaryFailed', 'Warning'],
  ['Unsupported', 'Warning'],
]);

function event(type: StatusEvent['type'], { reason, message }: TraceProbeStatusCondition): StatusEvent {
  return { type, reason, message };
}
