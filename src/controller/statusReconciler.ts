import type { TraceProbe, TraceProbeStatus } from '../api/index.ts';
import type { AgentRegistry } from './agentRegistry.ts';
import type { ClusterView, ProbeEntry } from './clusterView.ts';
import type { NodeView } from './nodeView.ts';
import { probeRecord } from './probeRecord.ts';
import { advance, notBegun, sameRollout, type RolloutNode } from './rollout.ts';
import { statusEvents, type StatusEvent } from './statusEvents.ts';
import { sameStatus, statusOf } from './statusOf.ts';
import { writtenCanaries } from './writtenCanaries.ts';

export interface StatusReconcilerOptions {
  cluster: ClusterView;
  agents: AgentRegistry;
  /** Whether this replica writes. */
  leads: () => boolean;
  /**
   * Writes the status of that very version of a probe, and returns what it became; undefined: there is no such probe
   * any more. Rejects when the API server has another version.
   */
  write: (probe: TraceProbe, status: TraceProbeStatus) => Promise<TraceProbe | undefined>;
  /** What nodes are to do with a probe may be another thing now. */
  onPlanChanged: (uid: string) => void;
  onEvent: (probe: TraceProbe, event: StatusEvent) => void;
  onWritten?: () => void;
  /** Milliseconds that never go back. */
  monotonic: () => number;
}

/** Up to so many nodes, a status is written four times a second at most, otherwise once. */
const fewNodes = 20;

/**
 * Moves one probe on: its rollout, its expiry, its status. Called for a probe's UID whenever something about it may
 * have changed; looks at everything anew.
 */
export class StatusReconciler {
  readonly #options: StatusReconcilerOptions;
  /** When a probe's status may be written again. */
  readonly #notBefore = new Map<string, number>();
  /** What beside its rollout decides what nodes are told of a probe, as text. */
  readonly #told = new Map<string, string>();

  constructor(options: StatusReconcilerOptions) {
    this.#options = options;
  }

  /** @returns when the probe wants to be looked at again, if nothing happens before */
  async reconcile(uid: string): Promise<{ againAfterMs: number } | undefined> {
    const { cluster, leads } = this.#options;
    const entry = cluster.probes.get(uid);
    if (entry === undefined) {
      this.#notBefore.delete(uid);
      this.#told.delete(uid);
      return undefined;
    }
    const nodes = this.plan(entry);
    const again = this.#untilExpiry(entry);
    if (!leads()) return again;
    return (await this.#writeStatus(entry, nodes)) ?? again;
  }

  /** The next step of a probe's rollout, without writing anything. */
  plan(entry: ProbeEntry): NodeView[] {
    const { cluster, agents, onPlanChanged } = this.#options;
    const { record } = entry;
    const { uid, generation, acceptance } = record;
    const nodes = cluster.nodesOf(record).map((node) => ({ node, view: agents.view(node, uid) }));
    const stopped = cluster.stopReason(record);
    const written = writtenCanaries(record);
    const told = JSON.stringify([stopped, [...written]]);
    let changed = (this.#told.get(uid) ?? told) !== told;
    this.#told.set(uid, told);
    if (acceptance.accepted && stopped === undefined) {
      const candidates = nodes.map(({ node, view: { name, agent, answer } }): RolloutNode => {
        const current = answer?.generation === generation ? answer : undefined;
        return {
          name,
          kernelRelease: node.kernelRelease,
          connected: agent === 'Connected',
          unheard: agent === 'Unheard',
          answer: current,
        };
      });
      const { strategy } = acceptance.probe.spec.rollout;
      const before = entry.rollout.generation === generation ? entry.rollout : { ...notBegun, generation };
      const next = advance({ ...before, canaries: written }, generation, strategy, candidates);
      changed ||= !sameRollout(entry.rollout, next);
      entry.rollout = next;
    }
    if (changed) onPlanChanged(uid);
    return nodes.map(({ view }) => view);
  }

  async #writeStatus(
    entry: ProbeEntry,
    nodes: readonly NodeView[],
  ): Promise<{ againAfterMs: number } | undefined> {
    const { cluster, write, onEvent, onWritten, monotonic } = this.#options;
    const { record, rollout } = entry;
    const { uid, object } = record;
    const stopped = cluster.stopReason(record);
    const status = statusOf({ probe: record, stopped, rollout, nodes, now: cluster.context.now });
    if (sameStatus(object.status, status)) return undefined;
    const wait = (this.#notBefore.get(uid) ?? 0) - monotonic();
    if (wait > 0) return { againAfterMs: wait };
    this.#notBefore.set(uid, monotonic() + (nodes.length <= fewNodes ? 250 : 1000));
    const written = await write(object, status);
    if (written === undefined) return undefined;
    onWritten?.();
    for (const event of statusEvents(object.status, status)) onEvent(object, event);
    // Until the watch brings it, or a later one: what was written is known.
    const current = cluster.probes.get(uid);
    if (current?.record.object === object) {
      current.record = probeRecord(written, current.record);
      // Now they may be told.
      if (rollout.canaries.size > 0) this.plan(current);
    }
    return undefined;
  }

  #untilExpiry({ record: { expiresAt } }: ProbeEntry): { againAfterMs: number } | undefined {
    if (expiresAt === undefined) return undefined;
    const left = expiresAt - this.#options.cluster.context.now;
    // Timers are good for 24 days; the clock may be corrected meanwhile.
    return left > 0 ? { againAfterMs: Math.min(left + 1, 3_600_000) } : undefined;
  }
}
