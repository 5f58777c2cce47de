import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { runCli } from '../../src/cli/cli.ts';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { agentAudience } from '../../src/kubernetes/tokenReviewer.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import { ControllerProcess } from './simulated/controllerProcess.ts';
import { ProbeWatch } from './simulated/probeWatch.ts';
import { SimulatedAgent } from './simulated/simulatedAgent.ts';

const account = { namespace: 'traceprobe', name: 'traceprobe-agent' };
const nodes = ['n1', 'n2', 'n3'];
let cluster: ControlPlane;
let api: ApiClient;
let watch: ProbeWatch;
let tokens: string[];
const controllers: ControllerProcess[] = [];
const agents: SimulatedAgent[] = [];

beforeAll(async () => {
  cluster = await startControlPlane();
  const crd = fileURLToPath(new URL('../../crds/traceprobes.yaml', import.meta.url));
  await cluster.kubectl(['apply', '-f', crd]);
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd/traceprobes.traceprobe.io']);
  await cluster.createServiceAccount(account);
  tokens = await Promise.all(
    nodes.map(async (node) => {
      await cluster.createNode(node);
      const { namespace, name: serviceAccount } = account;
      await cluster.createPod({ namespace, name: `agent-${node}`, node, serviceAccount });
      return cluster.tokenFor(account, { audience: agentAudience, boundPod: `agent-${node}` });
    }),
  );
  api = new ApiClient(cluster.kubeConfig);
});

beforeEach(() => {
  watch = new ProbeWatch(api);
});

afterEach(async () => {
  for (const agent of agents.splice(0)) agent[Symbol.dispose]();
  await Promise.all(controllers.splice(0).map((controller) => controller.end('SIGKILL')));
  await watch.stop();
  await cluster.kubectl(['delete', 'tp', '--all']);
  await cluster.kubectl(['delete', 'lease', '-n', 'traceprobe', '--all']);
});

afterAll(async () => {
  api[Symbol.dispose]();
  await cluster.close();
});

function startController(): ControllerProcess {
  const controller = new ControllerProcess(cluster.kubeconfigFile);
  controllers.push(controller);
  return controller;
}

async function startLeader(): Promise<ControllerProcess> {
  const controller = startController();
  await controller.until(({ leads }) => leads);
  return controller;
}

async function connectAll(address: string): Promise<SimulatedAgent[]> {
  const connected = tokens.map((token) => new SimulatedAgent({ address, token }));
  agents.push(...connected);
  await Promise.all(connected.map((agent) => agent.until(({ messages }) => messages > 0)));
  return connected;
}

async function applyProbe(): Promise<void> {
  const manifest = {
    apiVersion: 'traceprobe.io/v1alpha1',
    kind: 'TraceProbe',
    metadata: { name: 'opens' },
    spec: { points: [{ name: 'openat', attach: 'syscall/openat' }] },
  };
  const { stderr } = await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });
  expect(stderr).toBe('');
}

test('a leader that ends hands over within five seconds; before, the other replica sends agents to it', async () => {
  const leader = await startLeader();
  const follower = startController();
  await follower.until(({ lines }) => lines.some((line) => line.includes('a replica leads')));
  const [token = ''] = tokens;
  const lost = new SimulatedAgent({ address: follower.address, token });
  agents.push(lost);
  await lost.until(({ redirect }) => redirect !== undefined);
  expect(lost.redirect).toBe(leader.address);

  const connected = await connectAll(leader.address);
  await applyProbe();
  await watch.status('opens', ({ nodes: counts }) => counts?.running === 3);
  const began = performance.now();
  const ended = leader.end('SIGTERM');
  await Promise.all(connected.map((agent) => agent.until(({ redirect }) => redirect !== undefined)));
  await follower.until(({ leads }) => leads);
  expect(performance.now() - began).toBeLessThan(5000);
  expect(await ended).toBeLessThan(5000);
  await connectAll(follower.address);
});

test('after kill -9 another replica takes over, and no count is lowered before it has heard of the nodes', async () => {
  const leader = await startLeader();
  await connectAll(leader.address);
  await applyProbe();
  await watch.status('opens', ({ nodes: counts }) => counts?.running === 3);
  const follower = startController();
  await leader.end('SIGKILL');
  await follower.until(({ leads }) => leads);
  const before = watch.history.length;
  // Two of three come back at first, one of them worse than before.
  const [first = '', second = '', third = ''] = tokens;
  const { address } = follower;
  const failing = (): { state: string } => ({ state: 'Failed' });
  const back = [
    new SimulatedAgent({ address, token: first }),
    new SimulatedAgent({ address, token: second, answer: failing }),
  ];
  agents.push(...back);
  await watch.status('opens', ({ nodes: counts }) => counts?.failed === 1);
  agents.push(new SimulatedAgent({ address, token: third }));
  await watch.status('opens', ({ nodes: counts }) => counts?.running === 2);
  const running = watch.history.slice(before).map(({ status }) => status.nodes?.running);
  expect(running.slice(0, -1)).toEqual(running.slice(0, -1).map(() => 3));
});

test('the API server may restart: agents stay connected, and what comes afterwards reaches them', async () => {
  const leader = await startLeader();
  const connected = await connectAll(leader.address);
  await applyProbe();
  await watch.status('opens', ({ nodes: counts }) => counts?.running === 3);
  await cluster.restart();
  await cluster.kubectl(['patch', 'tp', 'opens', '--type=merge', '-p', '{"spec":{"suspend":true}}']);
  // The lease may have run out meanwhile: then they are sent away and come again.
  await connected[0]?.until((agent) => agent.probe('opens')?.stopped === true || agent.ended !== undefined);
  if (connected[0]?.ended !== undefined) {
    await leader.until(({ leads }) => leads);
    const [again] = await connectAll(leader.address);
    await again?.until((agent) => agent.probe('opens')?.stopped === true);
  }
  await watch.ready('opens', 'Suspended');
});

test('suspend --all stops every probe at once, also new ones, until resume --all', async () => {
  const leader = await startLeader();
  const [agent] = await connectAll(leader.address);
  await applyProbe();
  await agent?.until((each) => each.probe('opens')?.stopped === false);
  expect(await traceprobe('suspend', '--all')).toMatchObject({ code: 0 });
  await agent?.until((each) => each.probe('opens')?.stopped === true);
  await watch.ready('opens', 'SuspendedClusterWide');
  await cluster.kubectl(['delete', 'tp', 'opens']);
  await applyProbe();
  await agent?.until((each) => each.probe('opens')?.stopped === true);
  expect(await traceprobe('resume', '--all')).toMatchObject({ code: 0 });
  await agent?.until((each) => each.probe('opens')?.stopped === false);

  expect(await traceprobe('suspend', 'opens')).toMatchObject({ code: 0, out: 'opens suspended\n' });
  await agent?.until((each) => each.probe('opens')?.stopped === true);
  const { code, error } = await traceprobe('suspend', 'open');
  expect({ code, error }).toEqual({
    code: 1,
    error: 'error: there is no TraceProbe open\n  did you mean opens?\n',
  });
});

test('metrics, health and readiness are served, and an agent that connects is counted', async () => {
  const leader = await startLeader();
  await connectAll(leader.address);
  const get = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${leader.metricsPort}${path}`)).text();
  expect(await get('/healthz')).toBe('ok\n');
  expect(await get('/readyz')).toBe('ok\n');
  expect(await get('/metrics')).toContain('traceprobe_controller_connected_agents 3');
});

async function traceprobe(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const { PassThrough } = await import('node:stream');
  const { text } = await import('node:stream/consumers');
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const kubeconfig = ['--kubeconfig', cluster.kubeconfigFile];
  const code = await runCli([...args, ...kubeconfig], { stdout, stderr, env: {} });
  stdout.end();
  stderr.end();
  return { code, out: await text(stdout), error: await text(stderr) };
}
