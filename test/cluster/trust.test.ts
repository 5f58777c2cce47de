import { readFileSync } from 'node:fs';
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import { credentials, status as grpc } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { agentAudience } from '../../src/kubernetes/tokenReviewer.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import { DirectoryRemover } from './faults/directoryRemover.ts';
import { Installation } from './installation.ts';
import { EventsReader } from './simulated/eventsReader.ts';
import { ProbeWatch } from './simulated/probeWatch.ts';
import { ShippingStream } from './trust/shippingStream.ts';
import type { RoleProcess } from './simulated/roleProcess.ts';

const account = { namespace: 'traceprobe', name: 'traceprobe-agent' };
const audience = agentAudience;
let cluster: ControlPlane;
let installation: Installation;
let aggregator: RoleProcess;
let api: ApiClient;
let watch: ProbeWatch;
let reader: EventsReader;
let remover: DirectoryRemover;

beforeAll(async () => {
  cluster = await startControlPlane();
  installation = await Installation.start(cluster);
  api = new ApiClient(cluster.kubeConfig);
  watch = new ProbeWatch(api);
  aggregator = await installation.startAggregator();
  await installation.createAgentNode('node-1');
  await installation.startAgent('node-1');
  reader = await readerOf('traceprobe-reader');
  remover = new DirectoryRemover(10);
  for (const name of ['mine', 'other']) {
    const probe = `
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: ${name} }
spec:
  limits: { eventsPerSecondPerNode: 1000000, cpuPercentPerNode: 100 }
  points: [{ name: rmdir, attach: syscall/rmdir, capture: [{ name: pathname }], filter: 'pid == ${remover.pid}' }]
`;
    await cluster.kubectl(['apply', '-f', '-'], { input: probe });
    await watch.ready(name, 'Running');
  }
  remover.begin();
  await expectService();
});
afterAll(async () => {
  remover[Symbol.dispose]();
  await watch.stop();
  reader[Symbol.dispose]();
  api[Symbol.dispose]();
  await installation[Symbol.asyncDispose]();
  await cluster.close();
});

/** The node's agent ships and a reader reads: events come that were not there before. */
async function expectService(): Promise<void> {
  await reader.untilStored('mine', (await reader.stored('mine')) + 200);
}

async function readerOf(name: string): Promise<EventsReader> {
  const { aggregatorAddress: address, caFile } = installation;
  return new EventsReader({ address, caFile, tokenFile: await installation.readerToken(name) });
}

function ship(token: string): ShippingStream {
  const trust = credentials.createSsl(readFileSync(installation.caFile));
  return new ShippingStream(installation.aggregatorAddress, trust, token);
}

/** A node with a pod of the agents on it. */
async function agentToken(node: string): Promise<string> {
  await cluster.createNode(node);
  await cluster.createPod({ ...account, name: `agent-${node}`, node, serviceAccount: account.name });
  return cluster.tokenFor(account, { audience, boundPod: `agent-${node}` });
}

/** What becomes of who shows this token: the aggregator learns of a new pod by its watch, so a good one is tried again. */
async function shipping(token: string): Promise<{ code: number; details: string }> {
  for (;;) {
    using stream = ship(token);
    stream.write({ sequence: 1n });
    const outcome = await stream.outcome(1n);
    if (!outcome.details.includes('not known yet')) return outcome;
  }
}

const strangers: Record<string, { token: () => Promise<string>; code: number; details: string }> = {
  'without a token': {
    token: () => Promise.resolve(''),
    ...{ code: grpc.UNAUTHENTICATED, details: 'authorization' },
  },
  'with a token for the API server': {
    token: () => cluster.tokenFor(account, { boundPod: 'agent-node-1' }),
    ...{ code: grpc.UNAUTHENTICATED, details: 'expected a token for audience "traceprobe-agent"' },
  },
  "with a reader's token": {
    token: async () => readFileSync(await installation.readerToken(), 'utf8'),
    ...{ code: grpc.UNAUTHENTICATED, details: 'expected a token for audience "traceprobe-agent"' },
  },
  'from another pod, for our audience': {
    token: async () => {
      await cluster.createPod({ namespace: 'shop', name: 'stranger', node: 'node-1' });
      return cluster.tokenFor({ namespace: 'shop', name: 'default' }, { audience, boundPod: 'stranger' });
    },
    ...{ code: grpc.PERMISSION_DENIED, details: "expected the agents' service account" },
  },
  'with a token that is bound to no pod': {
    token: () => cluster.tokenFor(account, { audience }),
    ...{ code: grpc.PERMISSION_DENIED, details: 'expected a token bound to a pod on a node' },
  },
  'with a token that has expired': {
    token: () => cluster.expiredTokenFor(account, { audience, boundPod: 'agent-node-1' }),
    ...{ code: grpc.UNAUTHENTICATED, details: 'expired' },
  },
};

test.each(Object.entries(strangers))(
  'who ships %s is told why it may not',
  async (_, { token, code, details }) => {
    using stream = ship(await token());
    stream.write({ sequence: 1n });
    expect(await stream.outcome(1n)).toEqual({ code, details: expect.stringContaining(details) });
  },
);

test('an agent ships for its own node alone, and no more once its pod is gone', async () => {
  const token = await agentToken('node-2');
  expect(await shipping(token)).toEqual({ code: grpc.OK, details: '' });
  using stream = ship(token);
  stream.write({ sequence: 1n });
  expect(await stream.outcome(1n)).toMatchObject({ code: grpc.OK });
  await cluster.deletePod({ namespace: account.namespace, name: 'agent-node-2' });
  // The stream that is open, and the next one.
  expect(await stream.outcome(2n)).toEqual({
    code: grpc.UNAUTHENTICATED,
    details: expect.stringContaining('agent-node-2'),
  });
  using next = ship(token);
  next.write({ sequence: 1n });
  expect(await next.outcome(1n)).toMatchObject({ code: grpc.UNAUTHENTICATED });
});

test('readers read what RBAC gives them: nothing, one probe, or all', async () => {
  const named = (name: string): object => ({ metadata: { name } });
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
  const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'read-mine' };
  const rule = { apiGroups: ['traceprobe.io'], resources: ['traceprobes/events'], verbs: ['get'] };
  const subject = { kind: 'ServiceAccount', namespace: account.namespace, name: 'mine-only' };
  for (const name of ['nobody', 'mine-only'])
    await cluster.createServiceAccount({ namespace: account.namespace, name });
  const items = [
    { ...rbac, kind: 'ClusterRole', ...named('read-mine'), rules: [{ ...rule, resourceNames: ['mine'] }] },
    { ...rbac, kind: 'ClusterRoleBinding', ...named('read-mine'), roleRef: role, subjects: [subject] },
  ];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  expect(await cluster.kubectl(['apply', '-f', '-'], { input })).toMatchObject({ code: 0 });
  const user = `--as=system:serviceaccount:${account.namespace}:mine-only`;
  const mayRead = ['auth', 'can-i', 'get', 'traceprobes.traceprobe.io/mine', '--subresource=events', user];
  while ((await cluster.kubectl(mayRead)).code !== 0) continue;

  using nobody = await readerOf('nobody');
  await expect(nobody.cli('loss', 'mine')).rejects.toThrow('may not read events of probe mine');
  using mineOnly = await readerOf('mine-only');
  expect(await mineOnly.cli('query', 'mine', '--limit', '1')).toHaveLength(1);
  expect(await mineOnly.cli('sql', 'SELECT count(*) AS events FROM events.mine')).toHaveLength(1);
  for (const command of [
    ['query', 'other', '--limit', '1'],
    ['loss', 'other'],
    ['sql', 'SELECT count(*) FROM events.other'],
    ['watch', 'other'],
  ])
    await expect(mineOnly.cli(...command)).rejects.toThrow('other');
  const lossOfAll = await mineOnly.cli<{ probe: string }>('loss');
  expect(new Set(lossOfAll.map(({ probe }) => probe))).toEqual(new Set(['mine']));
  expect(await reader.cli('query', 'other', '--limit', '1')).toHaveLength(1);
});

/** A gRPC call over HTTP/2 itself. Resolves to its grpc-status, or to how the connection ended. */
async function send(token: string, ...chunks: Buffer[]): Promise<number | string> {
  const session: ClientHttp2Session = connectHttp2(`https://${installation.aggregatorAddress}`, {
    ca: readFileSync(installation.caFile),
    servername: 'traceprobe-aggregator',
    // The name in the certificate is no address.
    checkServerIdentity: () => undefined,
  });
  try {
    return await new Promise<number | string>((resolve) => {
      session.on('error', (error: Error) => {
        resolve(error.message);
      });
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: '/traceprobe.v1.IngestService/Ship',
        'content-type': 'application/grpc',
        te: 'trailers',
        authorization: `Bearer ${token}`,
      });
      const look = ({ 'grpc-status': code }: { 'grpc-status'?: string | string[] }): void => {
        if (code !== undefined) resolve(Number(code));
      };
      stream.on('response', look);
      stream.on('trailers', look);
      stream.on('error', (error: Error) => {
        resolve(error.message);
      });
      stream.resume();
      for (const chunk of chunks) stream.write(chunk);
    });
  } finally {
    session.destroy();
  }
}

/** The head of a gRPC message that says it has so many bytes. */
function head(bytes: number): Buffer {
  const buffer = Buffer.alloc(5);
  buffer.writeUInt32BE(bytes, 1);
  return buffer;
}

const nuisances: Record<string, (token: string) => Promise<void>> = {
  'sends what is no TLS': async () => {
    const [host = '', port] = installation.aggregatorAddress.split(':');
    const socket = connectTcp(Number(port), host);
    socket.on('error', () => undefined).resume();
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await once(socket, 'close');
  },
  'sends what is no protobuf': async (token) => {
    const garbage = Buffer.alloc(1000, 0xff);
    expect(await send(token, head(garbage.length), garbage)).toBe(grpc.INTERNAL);
  },
  'sends a message that is too large': async (token) => {
    expect(await send(token, head(65 << 20), Buffer.alloc(1 << 20))).toBe(grpc.RESOURCE_EXHAUSTED);
  },
  'sends a batch that makes no sense': async (token) => {
    using stream = ship(token);
    stream.write({ sequence: 1n, epoch: Buffer.alloc(16), batches: [Buffer.alloc(1000, 0xff)] });
    expect(await stream.outcome(1n)).toMatchObject({ code: grpc.INVALID_ARGUMENT });
    expect(aggregator.said('a frame was refused')).toBeDefined();
  },
  'floods and reads no answer': async (token) => {
    using stream = ship(token);
    stream.stream.pause();
    const probeUid = '00000000-0000-0000-0000-000000000000';
    const lost = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`reason${i}`, 1n]));
    const accounts = [{ epoch: Buffer.alloc(16, 1), probeUid, attempted: 1n, lost }];
    for (let sequence = 1n; sequence <= 10_000n; sequence++) stream.write({ sequence, accounts });
    await expectService();
  },
};

test.each(Object.entries(nuisances))('a client that %s disturbs nobody else', async (_, act) => {
  const token = await agentToken(`nuisance-${Object.keys(nuisances).findIndex((name) => name === _)}`);
  expect(await shipping(token)).toMatchObject({ code: grpc.OK });
  await act(token);
  await expectService();
});

test('a reader that takes nothing disturbs nobody else', async () => {
  using deaf = await readerOf('traceprobe-reader');
  // Disposing the reader ends it.
  deaf
    .watch('mine')
    .on('error', () => undefined)
    .pause();
  await expectService();
  await expectService();
});

test('while the API server is away, who was known before goes on', async () => {
  await expectService();
  await cluster.stopApiServer();
  try {
    installation.network.cut();
    await expectService();
    // Nobody says anything of a token that was never seen.
    using stream = ship(`${readFileSync(`${installation.directory}/node-1.token`, 'utf8')}A`);
    stream.write({ sequence: 1n });
    expect(await stream.outcome(1n)).toMatchObject({ code: grpc.UNAVAILABLE });
  } finally {
    await cluster.startApiServer();
  }
  await expectService();
});

test('certificates that are replaced under load: agents and readers go on without a restart', async () => {
  const kinds = [
    'secret/traceprobe-certificates',
    'secret/traceprobe-aggregator-tls',
    'configmap/traceprobe-ca',
  ];
  await cluster.kubectl(['delete', '-n', account.namespace, ...kinds]);
  const before = readFileSync(installation.caFile, 'utf8');
  await installation.controller.end('SIGKILL');
  await installation.startController();
  await installation.takeCertificates();
  expect(readFileSync(installation.caFile, 'utf8')).not.toBe(before);
  using renewed = await readerOf('traceprobe-reader');
  // Until the aggregator has looked at its file the reader does not trust it.
  await renewed.untilStored('mine', 0);
  installation.network.cut();
  const stored = await renewed.stored('mine');
  await renewed.untilStored('mine', stored + 200);
});
