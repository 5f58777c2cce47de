import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectExactAccount } from './expectExactAccount.ts';
import { KindCluster } from './kindCluster.ts';
import { Pods } from './pods.ts';
import { Probes } from './probes.ts';

const cluster = KindCluster.running();
const probes = new Probes(cluster);
const worker = KindCluster.nodes[1];
let pods: Pods;

beforeAll(async () => {
  pods = await Pods.in(cluster, 'faults');
});
afterAll(async () => {
  await pods[Symbol.asyncDispose]();
});

async function rollOut(workload: string): Promise<void> {
  await cluster.kubectl('-n', 'traceprobe', 'rollout', 'status', workload, '--timeout=120s');
}

async function deletePods(component: string): Promise<void> {
  const label = `app.kubernetes.io/component=${component}`;
  await cluster.kubectl('-n', 'traceprobe', 'delete', 'pod', '-l', label);
}

test('agents that are deleted come back, and every hit is accounted for and stored once', async () => {
  await probes.runOpens('agents', '/tmp/agents');
  const load = await pods.startOpens('agents', '/tmp/agents');
  await probes.atLeast(100, 'agents');
  await deletePods('agent');
  await rollOut('daemonset/traceprobe-agent');
  await pods.run('after-agents', 'cat /tmp/agents/after');
  await probes.atLeast(1, 'agents', 'filename == "/tmp/agents/after"');
  await load.stop();
  await expectExactAccount(probes, 'agents');
  await probes.delete('agents');
});

test.each([
  ['controllers', 'controller', 'deployment/traceprobe-controller'],
  ['the aggregator', 'aggregator', 'statefulset/traceprobe-aggregator'],
])('while pods of %s are deleted and come back nothing is lost', async (_, component, workload) => {
  await probes.runOpens(component, `/tmp/${component}`);
  const load = await pods.startOpens(component, `/tmp/${component}`);
  await probes.atLeast(100, component);
  await deletePods(component);
  await rollOut(workload);
  const count = await load.stop();
  expect(await expectExactAccount(probes, component)).toHaveLength(count);
  await probes.delete(component);
});

test('of a node that is drained the agent stays, and a pod that moved is seen where it is', async () => {
  await probes.runOpens('moving', '/tmp/moving');
  const script = 'while :; do cat /tmp/moving/here; sleep 0.5; done';
  // So that it is on that node first.
  const other = KindCluster.nodes[0];
  await cluster.kubectl('cordon', other);
  try {
    const pod = await pods.deploy('moving', script);
    expect(await pods.node(pod)).toBe(worker);
    await probes.atLeast(1, 'moving', `node == "${worker}"`);
    await cluster.kubectl('uncordon', other);
    await cluster.kubectl(
      'drain',
      worker,
      '--ignore-daemonsets',
      '--delete-emptydir-data',
      '--force',
      '--timeout=120s',
    );
    await probes.until('moving', '{.status.nodes.running}', String(KindCluster.nodes.length));
  } finally {
    await cluster.kubectl('uncordon', ...KindCluster.nodes);
  }
  await rollOut('statefulset/traceprobe-aggregator'); // its volume is on that node
  await probes.atLeast(1, 'moving', `node == "${other}"`);
  await probes.delete('moving');
});
