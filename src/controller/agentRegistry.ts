import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../kubernetes/clock.ts';
import type { CheckedReport } from './checkReport.ts';
import type { NodeRecord } from './nodeRecord.ts';
import type { ProbeAnswer } from './nodeReport.ts';
import type { NodeView } from './nodeView.ts';

/** How long a new leader waits for agents before it says that they are unreachable. */
export const graceMs = 30_000;
/** How long an agent may be away between two streams before it is unreachable. */
export const awayMs = 15_000;

interface Agent {
  nodeUid: string;
  /** undefined: connected. */
  goneAt: number | undefined;
  /** It has said what it runs. */
  reported: boolean;
  answers: Map<string, ProbeAnswer>;
  delivering: boolean;
  deliveryMessage: string;
}

/** What agents have said since this replica began to lead. */
export class AgentRegistry {
  readonly #clock: Clock;
  readonly #agents = new Map<string, Agent>();
  #leadsSince: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** This replica leads from now on; nothing is known. */
  begin(): void {
    this.#agents.clear();
    this.#leadsSince = this.#clock.now();
  }

  end(): void {
    this.#agents.clear();
    this.#leadsSince = undefined;
  }

  connected(node: string, nodeUid: string): void {
    const agent = this.#agents.get(node);
    if (agent?.nodeUid === nodeUid) agent.goneAt = undefined;
    else {
      this.#agents.set(node, {
        ...{ nodeUid, goneAt: undefined, reported: false, answers: new Map<string, ProbeAnswer>() },
        // Nothing to the contrary has been said.
        ...{ delivering: true, deliveryMessage: '' },
      });
    }
  }

  gone(node: string): void {
    const agent = this.#agents.get(node);
    if (agent) agent.goneAt = this.#clock.now();
  }

  forgetNode(node: string): void {
    this.#agents.delete(node);
  }

  forgetProbe(uid: string): void {
    for (const { answers } of this.#agents.values()) answers.delete(uid);
  }

  /**
   * Takes a report.
   * @param isProbe whether there is a probe of this UID: answers about others are not kept
   * @returns UIDs of the probes whose status may look different now; All after the first word of a node
   */
  report(node: string, report: CheckedReport, isProbe: (uid: string) => boolean): string[] | 'All' {
    const agent = this.#agents.get(node);
    if (agent === undefined) return [];
    const changed = new Set<string>();
    const { delivering, deliveryMessage } = report;
    if (agent.delivering !== delivering || agent.deliveryMessage !== deliveryMessage) {
      for (const uid of agent.answers.keys()) changed.add(uid);
    }
    Object.assign(agent, { delivering, deliveryMessage });
    if (report.complete) {
      for (const uid of agent.answers.keys()) {
        if (report.answers.has(uid)) continue;
        agent.answers.delete(uid);
        changed.add(uid);
      }
    }
    for (const [uid, answer] of report.answers) {
      if (!isProbe(uid)) continue;
      const before = agent.answers.get(uid);
      agent.answers.set(uid, answer);
      if (before === undefined || !sameAnswer(before, answer)) changed.add(uid);
    }
    if (agent.reported) return [...changed];
    agent.reported = report.complete;
    return 'All';
  }

  /** A node as the status of a probe sees it. */
  view({ name, uid }: NodeRecord, probeUid: string): NodeView {
    const agent = this.#agents.get(name);
    const { delivering = true, deliveryMessage = '' } = agent ?? {};
    if (agent === undefined || agent.nodeUid !== uid) {
      return { name, agent: this.#inGrace ? 'Unheard' : 'Unreachable', delivering, deliveryMessage };
    }
    if (!agent.reported && this.#inGrace) return { name, agent: 'Unheard', delivering, deliveryMessage };
    const away = agent.goneAt !== undefined && this.#clock.now() - agent.goneAt >= awayMs;
    const answer = agent.answers.get(probeUid);
    return { name, agent: away ? 'Unreachable' : 'Connected', answer, delivering, deliveryMessage };
  }

  get #inGrace(): boolean {
    return this.#leadsSince !== undefined && this.#clock.now() - this.#leadsSince < graceMs;
  }
}

function sameAnswer(a: ProbeAnswer, b: ProbeAnswer): boolean {
  return (
    a.generation === b.generation &&
    a.state === b.state &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.losing.join() === b.losing.join() &&
    isDeepStrictEqual(a.notes, b.notes)
  );
}
