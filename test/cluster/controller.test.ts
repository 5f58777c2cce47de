import { fileURLToPath } from 'node:url';
import { ServerCredentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Controller, type ControllerOptions } from '../../src/controller/controller.ts';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { agentAudience } from '../../src/kubernetes/tokenReviewer.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import { ProbeWatch } from './simulated/probeWatch.ts';
import { SimulatedAgent, type SimulatedAgentOptions } from './simulated/simulatedAgent.ts';

const crdName = 'traceprobes.traceprobe.io';
const account = { namespace: 'traceprobe', name: 'traceprobe-agent' };
const aggregator = 'aggregator.test:7444';
let cluster: ControlPlane;
let api: ApiClient;
let watch: ProbeWatch;
let controller: Controller;
const agents: SimulatedAgent[] = [];

function startController(options: Partial<ControllerOptions> = {}): Promise<Controller> {
  return Controller.start({
    ...{ api, kubeConfig: cluster.kubeConfig, namespace: 'traceprobe', aggregator },
    ...{ identity: `test-${Math.random()}`, listen: '127.0.0.1:0', advertise: '127.0.0.1:0' },
    ...{ metricsListen: '127.0.0.1:0', agentServiceAccount: account },
    credentials: ServerCredentials.createInsecure(),
    lease: { leaseDurationMs: 3000, renewDeadlineMs: 2000, retryMs: 300 },
    log: () => undefined,
    ...options,
  });
}

/** A node with an agent's pod on it. */
async function agentNode(name: string, labels: Record<string, string> = {}): Promise<string> {
  await cluster.createNode(name, labels);
  return agentToken(name);
}

async function agentToken(node: string, pod = `agent-${node}`): Promise<string> {
  const { namespace, name: serviceAccount } = account;
  await cluster.createPod({ namespace, name: pod, node, serviceAccount });
  return cluster.tokenFor(account, { audience: agentAudience, boundPod: pod });
}

function connect(token: string, options: Partial<SimulatedAgentOptions> = {}): SimulatedAgent {
  const agent = new SimulatedAgent({ address: `127.0.0.1:${controller.port}`, token, ...options });
  agents.push(agent);
  return agent;
}

async function apply(name: string, spec: Record<string, unknown> = {}): Promise<void> {
  const manifest = {
    apiVersion: 'traceprobe.io/v1alpha1',
    kind: 'TraceProbe',
    metadata: { name },
    spec: { points: [{ name: 'openat', attach: 'syscall/openat' }], ...spec },
  };
  const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

beforeAll(async () => {
  cluster = await startControlPlane();
  const crd = fileURLToPath(new URL('../../crds/traceprobes.yaml', import.meta.url));
  await cluster.kubectl(['apply', '-f', crd]);
  await cluster.kubectl(['wait', '--for=condition=Established', `crd/${crdName}`]);
  await cluster.createServiceAccount(account);
  api = new ApiClient(cluster.kubeConfig);
  watch = new ProbeWatch(api);
  controller = await startController();
});

afterEach(async () => {
  for (const agent of agents.splice(0)) agent[Symbol.dispose]();
  await cluster.kubectl(['delete', 'tp,nodes', '--all', '--wait=false']);
  await cluster.kubectl(['delete', 'pods', '--all', '-A', '--force', '--grace-period=0', '--wait=false']);
});

afterAll(async () => {
  await controller.close();
  await watch.stop();
  api[Symbol.dispose]();
  await cluster.close();
});

test('kubectl apply makes every node run the probe, and kubectl get says so', async () => {
  const agent = connect(await agentNode('n1'));
  await agent.until(({ messages }) => messages > 0);
  expect(agent.aggregator).toBe(aggregator);
  await apply('opens', { expireAfter: '1h' });
  await agent.until(() => agent.probe('opens') !== undefined);
  expect(agent.probe('opens')).toMatchObject({
    generation: 1n,
    requiredFeatures: ['points'],
    stopped: false,
  });
  const spec = JSON.parse(Buffer.from(agent.probe('opens')?.spec ?? []).toString()) as unknown;
  expect(spec).toMatchObject({ limits: { eventsPerSecondPerNode: 10_000 }, suspend: false });

  const status = await watch.ready('opens', 'Running');
  expect(status.nodes).toEqual({ desired: 1, running: 1, failed: 0, unsupported: 0, unreachable: 0 });
  expect(status.expirationTime).toBeDefined();
  const { stdout } = await cluster.kubectl(['get', 'tp', 'opens', '--no-headers']);
  expect(stdout).toMatch(/^opens\s+True\s+Running\s+1\s+1\s+0\s+\d+s\s*$/);
});

test('nodes that never have an agent are not counted', async () => {
  connect(await agentNode('n1'));
  await cluster.createNode('w1', { 'kubernetes.io/os': 'windows' });
  await apply('opens');
  expect((await watch.ready('opens', 'Running')).nodes).toMatchObject({ desired: 1, running: 1 });
  await cluster.kubectl(['label', 'node', 'n1', 'kubernetes.io/os=plan9', '--overwrite']);
  await watch.ready('opens', 'NoNodes');
});

test('an update, a suspension, a node that is switched off and a deletion reach the agent', async () => {
  const agent = connect(await agentNode('n1'));
  await apply('opens');
  await agent.until(() => agent.probe('opens')?.generation === 1n);
  await apply('opens', { retention: { maxAge: '1h' } });
  await agent.until(() => agent.probe('opens')?.generation === 2n);
  await watch.status(
    'opens',
    ({ observedGeneration, nodes }) => observedGeneration === 2 && nodes?.running === 1,
  );
  await apply('opens', { suspend: true });
  await agent.until(() => agent.probe('opens')?.stopped === true);
  await watch.ready('opens', 'Suspended');
  await apply('opens', { suspend: false });
  await agent.until(() => agent.probe('opens')?.stopped === false);
  await cluster.kubectl(['label', 'node', 'n1', 'traceprobe.io/disabled=']);
  await agent.until(() => agent.probe('opens')?.stopped === true);
  await watch.ready('opens', 'NoNodes');
  await cluster.kubectl(['label', 'node', 'n1', 'traceprobe.io/disabled-']);
  await agent.until(() => agent.probe('opens')?.stopped === false);
  await cluster.kubectl(['delete', 'tp', 'opens']);
  await agent.until(() => agent.probe('opens') === undefined);
});

test('an expired probe is stopped, and says that it has expired', async () => {
  const agent = connect(await agentNode('n1'));
  await apply('short', { expireAfter: '10s' });
  await agent.until(() => agent.probe('short')?.stopped === false);
  await agent.until(() => agent.probe('short')?.stopped === true);
  await watch.ready('short', 'Expired');
});

test('a probe that fails on a node says where and why', async () => {
  connect(await agentNode('good'));
  const failure = { state: 'Failed', reason: 'SymbolNotFound', message: 'no such function\u001b[31m' };
  connect(await agentNode('bad'), { answer: () => failure });
  await apply('opens');
  const { nodes, failures } = await watch.ready('opens', 'NodesFailed');
  expect(nodes).toMatchObject({ desired: 2, running: 1, failed: 1 });
  expect(failures).toEqual([
    { reason: 'SymbolNotFound', message: 'no such function\uFFFD[31m', count: 1, nodes: ['bad'] },
  ]);
});

test('a filter that no node could compile is refused, and no node gets it', async () => {
  const agent = connect(await agentNode('n1'));
  await apply('wrong', { points: [{ name: 'p', attach: 'syscall/openat', filter: 'pid == "one"' }] });
  const { conditions } = await watch.ready('wrong', 'Invalid');
  expect(conditions?.[0]).toMatchObject({ type: 'Accepted', status: 'False', reason: 'Invalid' });
  expect(conditions?.[0]?.message).toMatch(/^spec\.points\[0\]\.filter, column \d+: /);
  expect(agent.probe('wrong')).toBeUndefined();
});

test('agents are told of the pods of their node, and of no other', async () => {
  const agent = connect(await agentNode('n1'));
  await cluster.createNode('n2');
  await cluster.createNamespace('shop', { team: 'a' });
  await cluster.createPod({ namespace: 'shop', name: 'elsewhere', node: 'n2' });
  const { metadata } = await cluster.createPod({
    namespace: 'shop',
    name: 'web',
    node: 'n1',
    labels: { app: 'web' },
  });
  const uid = metadata?.uid ?? '';
  await agent.until(() => agent.pods.get(uid)?.containers[0]?.id !== '' && agent.pods.has(uid));
  expect(agent.pods.get(uid)).toMatchObject({
    namespace: 'shop',
    name: 'web',
    labels: { app: 'web' },
    namespaceLabels: { team: 'a' },
    containers: [{ name: 'main', id: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown }],
  });
  expect([...agent.pods.values()].map(({ name }) => name).sort()).toEqual(['agent-n1', 'web']);
  await cluster.kubectl(['label', 'namespace', 'shop', 'team=b', '--overwrite']);
  await agent.until(() => agent.pods.get(uid)?.namespaceLabels['team'] === 'b');
  await cluster.deletePod({ namespace: 'shop', name: 'web' });
  await agent.until(() => !agent.pods.has(uid));
});

test('beyond 20 nodes one node runs it first, and the others when it does', async () => {
  const names = Array.from({ length: 21 }, (_, index) => `n${index}`);
  const tokens = await Promise.all(names.map((name) => agentNode(name)));
  const failed = { state: 'Failed', reason: 'VerifierRefused', message: 'R1 invalid' };
  const all = tokens.map((token) => connect(token, { answer: () => failed }));
  await Promise.all(all.map((agent) => agent.until(({ messages }) => messages > 0)));
  await apply('opens');
  const { conditions } = await watch.ready('opens', 'CanaryFailed');
  expect(conditions?.find(({ type }) => type === 'Ready')?.message).toContain('VerifierRefused: R1 invalid');
  expect(all.filter((agent) => agent.probe('opens') !== undefined)).toHaveLength(1);
  // A better generation goes the same way.
  for (const agent of all) agent.answer = () => ({ state: 'Running' });
  await apply('opens', { retention: { maxAge: '1h' } });
  const status = await watch.status('opens', ({ nodes }) => nodes?.running === 21);
  expect(status.observedGeneration).toBe(2);
});

test('an agent whose pod is deleted is sent away, and a newer stream of a node takes the place of the older', async () => {
  const token = await agentNode('n1');
  const older = connect(token);
  await older.until(({ messages }) => messages > 0);
  const newer = connect(token);
  await newer.until(({ messages }) => messages > 0);
  await older.until(({ ended }) => ended !== undefined);
  expect(older.ended).toContain('newer stream');
  await cluster.deletePod({ namespace: account.namespace, name: 'agent-n1' });
  await newer.until(({ ended }) => ended !== undefined);
  expect(newer.ended).toContain('pod of the agent is gone');
});

test("a CustomResourceDefinition that is not the controller's is told as an Event and a metric", async () => {
  const metric = async (): Promise<string | undefined> => {
    const answer = await fetch(`http://127.0.0.1:${controller.metricsPort}/metrics`);
    return /^traceprobe_controller_schema_differs (\d)/m.exec(await answer.text())?.[1];
  };
  expect(await metric()).toBe('0');
  const path = '/apis/events.k8s.io/v1/namespaces/default/events';
  const stop = new AbortController();
  const events = api.watch<{ reason: string; note: string; regarding: object }>(path, {
    ...{ signal: stop.signal, silenceMs: 60_000 },
  });
  const schema = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties';
  const patch = [{ op: 'add', path: `${schema}/colour`, value: { type: 'string' } }];
  await cluster.kubectl(['patch', 'crd', crdName, '--type=json', '-p', JSON.stringify(patch)]);
  for await (const { object } of events) {
    if (object.reason !== 'SchemaDiffers') continue;
    expect(object.note).toContain('older or newer than the controller: spec.colour is not known here.');
    expect(object.regarding).toMatchObject({ kind: 'CustomResourceDefinition', name: crdName });
    break;
  }
  stop.abort();
  expect(await metric()).toBe('1');
});
