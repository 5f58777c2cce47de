import type { NodeFailure } from './failureGroups.ts';
import type { NodeWords } from './nodeGroups.ts';
import type { NodeView } from './nodeView.ts';

/** What the nodes of a probe say, counted. */
export interface NodeCounts {
  desired: number;
  /** This generation runs. */
  running: number;
  failed: number;
  unsupported: number;
  unreachable: number;
  /** A new leader has not heard of them yet. */
  unheard: number;
  /** Connected, but with no answer on this generation. */
  pending: number;
  /** Anything of the probe runs, be it another generation. */
  runningAny: number;
  failures: NodeFailure[];
  /** What nodes that run this generation say of how they do. */
  notes: NodeWords[];
  /** Run it, but their events are not taken. */
  notDelivering: { node: string; message: string }[];
  /** Nodes that lose events, and by which reasons. */
  losing: { nodes: number; reasons: Set<string> };
}

export function countNodes(nodes: readonly NodeView[], generation: number): NodeCounts {
  const counts: NodeCounts = {
    desired: nodes.length,
    running: 0,
    failed: 0,
    unsupported: 0,
    unreachable: 0,
    unheard: 0,
    pending: 0,
    runningAny: 0,
    failures: [],
    notes: [],
    notDelivering: [],
    losing: { nodes: 0, reasons: new Set() },
  };
  for (const node of nodes) count(counts, node, generation);
  return counts;
}

function count(counts: NodeCounts, node: NodeView, generation: number): void {
  const { name, agent, answer } = node;
  if (agent === 'Unheard') {
    counts.unheard++;
    return;
  }
  if (agent === 'Unreachable') {
    counts.unreachable++;
    counts.failures.push({ node: name, ...unreachable });
    return;
  }
  if (answer?.state === 'Running') {
    counts.runningAny++;
    if (!node.delivering) counts.notDelivering.push({ node: name, message: node.deliveryMessage });
    if (answer.losing.length > 0) {
      counts.losing.nodes++;
      for (const reason of answer.losing) counts.losing.reasons.add(reason);
    }
  }
  if (answer?.generation !== generation || answer.state === 'Stopped') {
    counts.pending++;
    return;
  }
  if (answer.state === 'Running') {
    counts.running++;
    counts.notes.push(...answer.notes.map((note) => ({ node: name, words: [note] })));
    return;
  }
  counts[answer.state === 'Failed' ? 'failed' : 'unsupported']++;
  counts.failures.push({ node: name, reason: answer.reason || answer.state, message: answer.message });
}

const unreachable = {
  reason: 'AgentUnreachable',
  message:
    'no agent of these nodes is connected to the controller: see whether its pod runs there and what it logs',
};
