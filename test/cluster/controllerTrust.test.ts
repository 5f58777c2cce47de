import { randomBytes } from 'node:crypto';
import { connect as connectHttp2, constants } from 'node:http2';
import { fileURLToPath } from 'node:url';
import { ServerCredentials, status as grpcStatus } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Controller } from '../../src/controller/controller.ts';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { agentAudience } from '../../src/kubernetes/tokenReviewer.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import { SimulatedAgent } from './simulated/simulatedAgent.ts';

const account = { namespace: 'traceprobe', name: 'traceprobe-agent' };
const audience = agentAudience;
let cluster: ControlPlane;
let api: ApiClient;
let controller: Controller;
let token: string;
const agents: SimulatedAgent[] = [];

beforeAll(async () => {
  cluster = await startControlPlane();
  const crd = fileURLToPath(new URL('../../crds/traceprobes.yaml', import.meta.url));
  await cluster.kubectl(['apply', '-f', crd]);
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd/traceprobes.traceprobe.io']);
  await cluster.createNode('n1');
  await cluster.createPod({
    namespace: 'traceprobe',
    name: 'agent-n1',
    node: 'n1',
    serviceAccount: account.name,
  });
  token = await cluster.tokenFor(account, { audience, boundPod: 'agent-n1' });
  api = new ApiClient(cluster.kubeConfig);
  controller = await Controller.start({
    ...{ api, kubeConfig: cluster.kubeConfig, namespace: 'traceprobe', aggregator: 'aggregator.test:7444' },
    ...{ identity: 'test', listen: '127.0.0.1:0', advertise: '127.0.0.1:0', metricsListen: '127.0.0.1:0' },
    ...{
      agentServiceAccount: account,
      credentials: ServerCredentials.createInsecure(),
      log: () => undefined,
    },
  });
  await eventually(() => connect(token));
});

afterEach(() => {
  for (const agent of agents.splice(0)) agent[Symbol.dispose]();
});

afterAll(async () => {
  await controller.close();
  api[Symbol.dispose]();
  await cluster.close();
});

function connect(bearer: string): SimulatedAgent {
  const agent = new SimulatedAgent({ address: `127.0.0.1:${controller.port}`, token: bearer });
  agents.push(agent);
  return agent;
}

/** Tries until one is served: nobody leads in the first moment. */
async function eventually(open: () => SimulatedAgent): Promise<SimulatedAgent> {
  for (;;) {
    const agent = open();
    await agent.until(({ messages, ended }) => messages > 0 || ended !== undefined);
    if (agent.aggregator !== '') return agent;
  }
}

/** Why an agent with this token is sent away. */
async function refusal(bearer: string): Promise<string | undefined> {
  const agent = connect(bearer);
  await agent.until(({ messages, ended }) => messages > 0 || ended !== undefined);
  expect(agent.messages).toBe(0);
  return agent.ended;
}

/** Service goes on for an agent that came before. */
async function expectServed(agent: SimulatedAgent, node: string): Promise<void> {
  const pod = { namespace: 'shop', name: `web-${randomBytes(4).toString('hex')}`, node };
  const { metadata } = await cluster.createPod(pod);
  await agent.until(({ pods, ended }) => pods.has(metadata?.uid ?? '') || ended !== undefined);
  expect(agent.ended).toBeUndefined();
}

test('who shows no token of an agent of this installation is told why it is sent away', async () => {
  expect(await refusal('')).toContain('authorization');
  expect(await refusal('garbage')).toBeDefined();
  expect(await refusal(await cluster.tokenFor(account, { boundPod: 'agent-n1' }))).toBeDefined();
  await cluster.createPod({ namespace: 'shop', name: 'stranger', node: 'n1' });
  const stranger = { namespace: 'shop', name: 'default' };
  const strange = await cluster.tokenFor(stranger, { audience, boundPod: 'stranger' });
  expect(await refusal(strange)).toContain('service account');
  expect(await refusal(await cluster.tokenFor(account, { audience }))).toContain('bound to a pod');
  expect(
    await refusal(await cluster.expiredTokenFor(account, { audience, boundPod: 'agent-n1' })),
  ).toBeDefined();
});

test('a report that makes no sense, garbage and a message too large end that stream alone', async () => {
  await cluster.createNode('n2');
  const pod = { namespace: 'traceprobe', name: 'agent-n2', node: 'n2', serviceAccount: account.name };
  await cluster.createPod(pod);
  const other = connect(await cluster.tokenFor(account, { audience, boundPod: 'agent-n2' }));
  await other.until(({ messages }) => messages > 0);

  const senseless = connect(token);
  await senseless.until(({ messages }) => messages > 0);
  senseless.write({ case: 'report', value: { probes: [{ probeUid: 'x', state: 'Dancing' }] } });
  await senseless.until(({ ended }) => ended !== undefined);
  expect(senseless.ended).toContain('"Dancing" is none of Running, Failed, Unsupported, Stopped');

  const again = connect(token);
  await again.until(({ messages }) => messages > 0);
  again.write({ case: 'report', value: { deliveryMessage: 'x'.repeat(5 << 20) } });
  await again.until(({ ended }) => ended !== undefined);
  expect(again.ended).toMatch(/larger than max|message/);

  expect(await sendGarbage(token)).toBe(grpcStatus.INTERNAL);
  await expectServed(other, 'n2');
});

test('an agent that floods is slowed down, one that reads nothing is left alone; neither disturbs another', async () => {
  const flooding = connect(token);
  await flooding.until(({ messages }) => messages > 0);
  for (let i = 0; i < 5000; i++) flooding.report(1n, false, []);
  const pod = { namespace: 'traceprobe', name: 'agent-n3', node: 'n3', serviceAccount: account.name };
  await cluster.createNode('n3');
  await cluster.createPod(pod);
  const deaf = connect(await cluster.tokenFor(account, { audience, boundPod: 'agent-n3' }));
  deaf.stream.pause();
  await cluster.createNode('n4');
  await cluster.createPod({ ...pod, name: 'agent-n4', node: 'n4' });
  const other = connect(await cluster.tokenFor(account, { audience, boundPod: 'agent-n4' }));
  await other.until(({ messages }) => messages > 0);
  const { metadata } = await cluster.createPod({ namespace: 'shop', name: 'late', node: 'n4' });
  await other.until(({ pods }) => pods.has(metadata?.uid ?? ''));
  expect(flooding.ended).toBeUndefined();
});

/** A gRPC message that is no protobuf, over HTTP/2 itself. Resolves to the grpc-status. */
function sendGarbage(bearer: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${controller.port}`);
    session.on('error', reject);
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/traceprobe.v1.AgentService/Connect',
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${bearer}`,
    });
    // In the only headers there are, for nothing was answered before.
    stream.on('response', ({ 'grpc-status': status }) => {
      session.destroy();
      resolve(Number(status));
    });
    stream.on('error', reject);
    stream.resume();
    const garbage = Buffer.alloc(1000, 0xff);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(garbage.length, 1);
    stream.write(Buffer.concat([head, garbage]));
  });
}
