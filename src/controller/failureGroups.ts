import type { TraceProbeStatusFailure } from '../api/index.ts';
import { cutText } from './cutText.ts';

/** As the CRD limits them. */
const maxGroups = 10;
const maxNodes = 5;
const maxMessageBytes = 1024;

/** Why one node does not run a probe. */
export interface NodeFailure {
  node: string;
  reason: string;
  message: string;
}

/**
 * Alike failures together, the largest groups first; of equal ones those whose reason comes first, so that the same
 * failures always give the same list.
 */
export function failureGroups(failures: readonly NodeFailure[]): TraceProbeStatusFailure[] {
  const groups = new Map<string, { reason: string; message: string; nodes: string[] }>();
  for (const { node, reason, message } of failures) {
    const key = `${reason}\n${message}`;
    const group = groups.get(key);
    if (group) group.nodes.push(node);
    else groups.set(key, { reason, message, nodes: [node] });
  }
  return [...groups.values()]
    .sort(
      (a, b) =>
        b.nodes.length - a.nodes.length || compare(a.reason, b.reason) || compare(a.message, b.message),
    )
    .slice(0, maxGroups)
    .map(({ reason, message, nodes }) => ({
      reason,
      message: cutText(message, maxMessageBytes),
      count: nodes.length,
      nodes: nodes.sort(compare).slice(0, maxNodes),
    }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
