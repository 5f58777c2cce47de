import { expect, test } from '@jest/globals';
import type { TraceProbe, TraceProbeStatus } from '../api/index.ts';
import { ManualClock } from '../kubernetes/testing/manualClock.ts';
import { AgentRegistry, graceMs } from './agentRegistry.ts';
import { ClusterView } from './clusterView.ts';
import type { ProbeState } from './nodeReport.ts';
import { probeRecord } from './probeRecord.ts';
import { StatusReconciler } from './statusReconciler.ts';
import { created, testNode, testProbe } from './testing/objects.ts';

const nodes = ['n0', 'n1', 'n2'];
const uid = 'uid-opens';

/** A replica that has just begun to lead, and knows the probe as the API server has it. */
class Leader {
  readonly clock = new ManualClock();
  readonly agents = new AgentRegistry(this.clock);
  readonly cluster = new ClusterView({ aggregator: 'aggregator:1', now: () => created });
  /** What the API server has. */
  stored: TraceProbe;
  /** Called before a status is stored. */
  onWrite: () => void = () => undefined;
  readonly #reconciler = new StatusReconciler({
    cluster: this.cluster,
    agents: this.agents,
    leads: () => true,
    write: (probe, status) => {
      this.onWrite();
      this.stored = { ...probe, status };
      return Promise.resolve(this.stored);
    },
    onPlanChanged: () => {
      this.told = this.runs();
    },
    onEvent: () => undefined,
    monotonic: () => this.clock.now(),
  });
  /** The nodes that were last told to run it. */
  told: string[] = [];

  constructor(probe: TraceProbe) {
    this.stored = probe;
    for (const name of nodes) this.cluster.nodes.set(name, testNode(name));
    this.agents.begin();
    this.cluster.putProbe(probeRecord(probe));
  }

  connect(...names: string[]): void {
    for (const name of names) {
      this.agents.connected(name, `uid-${name}`);
      this.#report(name, new Map());
    }
  }

  answer(name: string, state: ProbeState): void {
    this.#report(
      name,
      new Map([[uid, { generation: 1, state, reason: '', message: '', losing: [], notes: [] }]]),
    );
  }

  #report(name: string, answers: Parameters<AgentRegistry['report']>[1]['answers']): void {
    const report = { revision: 0n, complete: true, delivering: true, deliveryMessage: '', answers };
    this.agents.report(name, report, () => true);
  }

  /** The nodes that would be told to run it. */
  runs(): string[] {
    return nodes.filter((name) => typeof this.cluster.probe(name, uid) === 'object');
  }

  async reconcile(): Promise<TraceProbeStatus> {
    this.clock.advance(5000);
    await this.#reconciler.reconcile(uid);
    return this.stored.status ?? {};
  }
}

const canary = testProbe({ rollout: { strategy: 'Canary' } });

function programmed({ conditions }: TraceProbeStatus): string | undefined {
  return conditions?.find(({ type }) => type === 'Programmed')?.reason;
}

test('a canary is in the status before its node is told', async () => {
  const leader = new Leader(canary);
  leader.connect('n1', 'n2');
  leader.onWrite = () => {
    expect(leader.runs()).toEqual([]);
  };
  expect((await leader.reconcile()).canaries).toEqual([{ kernelRelease: '6.1.0', node: 'n1' }]);
  expect(leader.told).toEqual(['n1']);
  leader.onWrite = () => undefined;
  leader.answer('n1', 'Running');
  expect((await leader.reconcile()).canaries).toBeUndefined();
  expect(leader.told).toEqual(nodes);
});

test('a new leader waits for the canary of the one before it, and tries no other when it is lost', async () => {
  const before = new Leader(canary);
  before.connect('n1', 'n2');
  await before.reconcile();

  const leader = new Leader(before.stored);
  leader.connect('n0', 'n2');
  expect(programmed(await leader.reconcile())).toBe('Progressing');
  expect(leader.runs()).toEqual(['n1']);
  leader.clock.advance(graceMs);
  expect(programmed(await leader.reconcile())).toBe('CanaryFailed');
  expect(leader.runs()).toEqual(['n1']);
  leader.connect('n1');
  leader.answer('n1', 'Running');
  await leader.reconcile();
  expect(leader.runs()).toEqual(nodes);
});

test('what the status says of an earlier generation is no canary', async () => {
  const before = new Leader(canary);
  before.connect('n1');
  const status = await before.reconcile();
  const changed = { ...before.stored, metadata: { ...canary.metadata, generation: 2 } };
  const leader = new Leader({ ...changed, status });
  leader.connect('n2');
  expect((await leader.reconcile()).canaries).toEqual([{ kernelRelease: '6.1.0', node: 'n2' }]);
});
