import type { TraceProbeRollout } from '../api/index.ts';
import type { ProbeState } from './nodeReport.ts';

/** Up to so many nodes, Auto is AllAtOnce. */
export const maxNodesAtOnce = 20;

/** How far one generation of a probe has got. */
export interface Rollout {
  generation: number;
  /** Every node may have it. */
  everywhere: boolean;
  /** Kernel releases all of whose nodes may have it, because it runs on one. */
  open: ReadonlySet<string>;
  /** For the other kernel releases, the node that has it first. */
  canaries: ReadonlyMap<string, string>;
  /** Canaries that failed: the other nodes of their kernel release do not get it. */
  failed: readonly FailedCanary[];
}

export interface FailedCanary {
  node: string;
  kernelRelease: string;
  reason: string;
  message: string;
}

/** A node that the probe selects and that is not switched off. */
export interface RolloutNode {
  name: string;
  kernelRelease: string;
  connected: boolean;
  /** A new leader has not heard of it yet, nor given it up. */
  unheard?: boolean;
  /** What it said of this very generation. */
  answer?: { state: ProbeState; reason: string; message: string } | undefined;
}

/** Nobody has it yet. */
export const notBegun: Rollout = {
  generation: -1,
  everywhere: false,
  open: new Set(),
  canaries: new Map(),
  failed: [],
};

export function isOpen(rollout: Rollout, node: { name: string; kernelRelease: string }): boolean {
  return (
    rollout.everywhere ||
    rollout.open.has(node.kernelRelease) ||
    rollout.canaries.get(node.kernelRelease) === node.name
  );
}

/**
 * The next step. What was opened stays open; a canary stays the canary while it is connected. A node where this
 * generation runs already, as a new leader finds it, has been a canary. One that cannot run it at all speaks for its
 * kernel release too: the others will say the same and are no risk.
 */
export function advance(
  previous: Rollout,
  generation: number,
  strategy: TraceProbeRollout['strategy'],
  nodes: readonly RolloutNode[],
): Rollout {
  const before = previous.generation === generation ? previous : { ...notBegun, generation };
  const atOnce = strategy === 'AllAtOnce' || (strategy === 'Auto' && nodes.length <= maxNodesAtOnce);
  if (before.everywhere || atOnce) return { ...notBegun, generation, everywhere: true };
  const open = new Set(before.open);
  const canaries = new Map<string, string>();
  const failed: FailedCanary[] = [];
  for (const [release, group] of byRelease(nodes)) {
    if (open.has(release)) continue;
    const earlier = before.canaries.get(release);
    const { done, canary } = stateOf(group, earlier);
    const away = group.find(({ name, connected, answer }) => name === earlier && !connected && !answer);
    if (done) open.add(release);
    else if (away?.unheard === true) canaries.set(release, away.name);
    else if (away !== undefined) {
      // It may be the probe that its node did not survive: the next one is not tried.
      canaries.set(release, away.name);
      failed.push({ node: away.name, kernelRelease: release, reason: 'CanaryLost', message: lostMessage });
    } else if (canary !== undefined) {
      canaries.set(release, canary.name);
      const { state, reason, message } = canary.answer ?? {};
      if (state === 'Failed') {
        failed.push({
          node: canary.name,
          kernelRelease: release,
          reason: reason ?? '',
          message: message ?? '',
        });
      }
    }
  }
  return { generation, everywhere: false, open, canaries, failed };
}

const lostMessage =
  'its agent is gone and has not said what became of the probe. If the node is well, bring the agent back; if not, ' +
  'delete the node or take it out of scope.nodeSelector, and another one is tried';

/** Whether two steps tell every node the same. */
export function sameRollout(a: Rollout, b: Rollout): boolean {
  return (
    a.generation === b.generation &&
    a.everywhere === b.everywhere &&
    a.open.size === b.open.size &&
    a.canaries.size === b.canaries.size &&
    [...a.open].every((release) => b.open.has(release)) &&
    [...a.canaries].every(([release, node]) => b.canaries.get(release) === node)
  );
}

interface Group {
  done: boolean;
  /** Best candidate: the canary of before, then one that has answered, then the first that is connected. */
  canary: RolloutNode | undefined;
}

function stateOf(nodes: readonly RolloutNode[], earlier: string | undefined): Group {
  let canary: RolloutNode | undefined;
  for (const node of nodes) {
    const state = node.answer?.state;
    if (state === 'Running' || state === 'Unsupported') return { done: true, canary: undefined };
    if (node.connected && rank(node, earlier) > (canary ? rank(canary, earlier) : -1)) canary = node;
  }
  return { done: false, canary };
}

function rank(node: RolloutNode, earlier: string | undefined): number {
  if (node.name === earlier) return 2;
  return node.answer === undefined ? 0 : 1;
}

function byRelease(nodes: readonly RolloutNode[]): Map<string, RolloutNode[]> {
  const groups = new Map<string, RolloutNode[]>();
  for (const node of nodes) {
    const group = groups.get(node.kernelRelease);
    if (group) group.push(node);
    else groups.set(node.kernelRelease, [node]);
  }
  return groups;
}
