import type { TraceProbeStatusFailure } from '../api/index.ts';
import { cutText } from './cutText.ts';
import { nodeGroups } from './nodeGroups.ts';

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

/** Alike failures together, in an order that the same failures always have. */
export function failureGroups(failures: readonly NodeFailure[]): TraceProbeStatusFailure[] {
  return nodeGroups(failures.map(({ node, reason, message }) => ({ node, words: [reason, message] })))
    .slice(0, maxGroups)
    .map(({ words: [reason = '', message = ''], nodes }) => ({
      reason,
      message: cutText(message, maxMessageBytes),
      count: nodes.length,
      nodes: nodes.slice(0, maxNodes),
    }));
}
