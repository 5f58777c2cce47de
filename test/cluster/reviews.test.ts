import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { ReaderReviewer } from '../../src/kubernetes/readerReviewer.ts';
import { ManualClock } from '../../src/kubernetes/testing/manualClock.ts';
import { TokenReviewer } from '../../src/kubernetes/tokenReviewer.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';

const serviceAccount = { namespace: 'tracing', name: 'traceprobe-agent' };
const audience = 'traceprobe-agent';
const expected = 'system:serviceaccount:tracing:traceprobe-agent';

let cluster: ControlPlane;
let api: ApiClient;
let node: { uid: string };
let pod: { uid: string };

beforeAll(async () => {
  cluster = await startControlPlane();
  api = new ApiClient(cluster.kubeConfig, 'cluster-test');
  node = { uid: (await cluster.createNode('node-a')).metadata?.uid ?? '' };
  const created = await cluster.createPod({
    namespace: 'tracing',
    name: 'agent-1',
    node: 'node-a',
    serviceAccount: serviceAccount.name,
  });
  pod = { uid: created.metadata?.uid ?? '' };
});
afterAll(async () => {
  api[Symbol.dispose]();
  await cluster.close();
});

function agents(clock = new ManualClock()): TokenReviewer {
  const knowsPod = (uid: string, name: string): boolean => uid === pod.uid && name === 'node-a';
  return new TokenReviewer({ api, serviceAccount, knowsPod, clock });
}

function good(): Promise<string> {
  return cluster.tokenFor(serviceAccount, { audience, boundPod: 'agent-1' });
}

test('a bound token of the agents is the agent of its node', async () => {
  const identity = await agents().authenticate(await good());
  expect(identity).toMatchObject({
    nodeName: 'node-a',
    nodeUid: node.uid,
    podName: 'agent-1',
    podUid: pod.uid,
  });
  expect(identity.expires.getTime()).toBeGreaterThan(Date.now());
});

test('no token and garbage are refused without asking the API server', async () => {
  const asked: string[] = [];
  const counting = {
    create: (path: string) => {
      asked.push(path);
      return Promise.reject(new Error('not to be asked'));
    },
  };
  const reviewer = new TokenReviewer({ api: counting, serviceAccount, knowsPod: () => true });
  for (const token of ['', 'abc', 'a.b.c', `${'x'.repeat(20_000)}.eyJ9.x`]) {
    await expect(reviewer.authenticate(token)).rejects.toMatchObject({
      refusal: 'unauthenticated',
      message: expect.stringContaining('expected a service account token'),
    });
  }
  expect(asked).toEqual([]);
});

test('a token for another audience is refused', async () => {
  const token = await cluster.tokenFor(serviceAccount, { audience: 'vault', boundPod: 'agent-1' });
  const refusal = agents().authenticate(token);
  await expect(refusal).rejects.toMatchObject({
    refusal: 'unauthenticated',
    message: 'expected a token for audience "traceprobe-agent", got one for vault',
  });
  await expect(refusal).rejects.not.toMatchObject({ message: expect.stringContaining(token) });
});

test("a stranger's pod with a token for our audience is refused", async () => {
  await cluster.createPod({ namespace: 'shop', name: 'stranger', node: 'node-a', serviceAccount: 'cart' });
  const stranger = { namespace: 'shop', name: 'cart' };
  const token = await cluster.tokenFor(stranger, { audience, boundPod: 'stranger' });
  await expect(agents().authenticate(token)).rejects.toMatchObject({
    refusal: 'forbidden',
    message: `expected the agents' service account ${expected}, got system:serviceaccount:shop:cart`,
  });
});

test('a token of the right ServiceAccount that is bound to no pod is refused', async () => {
  const token = await cluster.tokenFor(serviceAccount, { audience });
  await expect(agents().authenticate(token)).rejects.toMatchObject({
    refusal: 'forbidden',
    message: expect.stringContaining('expected a token bound to a pod on a node'),
  });
});

test('an expired token is refused, and the refusal says when it expired', async () => {
  const token = await cluster.expiredTokenFor(serviceAccount, { audience, boundPod: 'agent-1' });
  await expect(agents().authenticate(token)).rejects.toMatchObject({
    refusal: 'unauthenticated',
    message: expect.stringMatching(new RegExp(`refuses: .*expired.*it is ${expected}'s, expiring \\d{4}-`)),
  });
});

test('a token that somebody else signed is refused', async () => {
  const [header = '', payload = ''] = (await good()).split('.');
  const forged = `${header}.${payload}.${Buffer.alloc(256, 7).toString('base64url')}`;
  await expect(agents().authenticate(forged)).rejects.toMatchObject({ refusal: 'unauthenticated' });
});

test("a pod that is not known on the token's node is refused, even though its token was good", async () => {
  await cluster.createNode('node-b');
  await cluster.createPod({
    namespace: 'tracing',
    name: 'agent-2',
    node: 'node-b',
    serviceAccount: serviceAccount.name,
  });
  const token = await cluster.tokenFor(serviceAccount, { audience, boundPod: 'agent-2' });
  const known = new Set(['node-b']);
  const reviewer = new TokenReviewer({ api, serviceAccount, knowsPod: (_, name) => known.has(name) });
  await expect(reviewer.authenticate(token)).resolves.toMatchObject({ nodeName: 'node-b' });
  known.clear(); // the reflector saw it go
  await expect(reviewer.authenticate(token)).rejects.toMatchObject({
    refusal: 'unauthenticated',
    message: expect.stringContaining('expected a pod that runs on node node-b, got agent-2'),
  });
});

test('the token of a pod that was deleted is refused by the API server itself', async () => {
  await cluster.createPod({
    namespace: 'tracing',
    name: 'agent-3',
    node: 'node-a',
    serviceAccount: serviceAccount.name,
  });
  const token = await cluster.tokenFor(serviceAccount, { audience, boundPod: 'agent-3' });
  await cluster.deletePod({ namespace: 'tracing', name: 'agent-3' });
  // The API server remembers reviews for some seconds, so ask until it knows.
  for (;;) {
    const reviewer = new TokenReviewer({ api, serviceAccount, knowsPod: () => true });
    const outcome = await reviewer.authenticate(token).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).toMatchObject({ refusal: 'unauthenticated' });
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
});

async function allow(user: string, role: string, resourceNames?: string[]): Promise<void> {
  const path = '/apis/rbac.authorization.k8s.io/v1';
  const rule = { apiGroups: ['traceprobe.io'], resources: ['traceprobes/events'], verbs: ['get'] };
  await api.create(`${path}/clusterroles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: role },
    rules: [{ ...rule, ...(resourceNames !== undefined && { resourceNames }) }],
  });
  await api.create(`${path}/clusterrolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: role },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', namespace: 'readers', name: user }],
  });
}

async function reader(name: string): Promise<string> {
  const account = { namespace: 'readers', name };
  await cluster.createServiceAccount(account);
  return cluster.tokenFor(account, { audience: 'traceprobe-read' });
}

test('readers may read what RBAC says: nothing, one probe, or all', async () => {
  await allow('one', 'read-one', ['slow-opens']);
  await allow('all', 'read-all');
  const readers = new ReaderReviewer({ api });
  const may: Record<string, boolean[]> = {};
  for (const name of ['none', 'one', 'all']) {
    const identity = await readers.authenticate(await reader(name));
    expect(identity).toMatchObject({ username: `system:serviceaccount:readers:${name}` });
    // RBAC reaches the authorizer through a watch of its own.
    while (name !== 'none' && !(await new ReaderReviewer({ api }).mayRead(identity, 'slow-opens'))) continue;
    may[name] = await Promise.all(
      ['slow-opens', 'other', '*'].map((probe) => readers.mayRead(identity, probe)),
    );
  }
  expect(may).toEqual({ none: [false, false, false], one: [true, false, false], all: [true, true, true] });
});

test("an agent's token reads nothing", async () => {
  await expect(new ReaderReviewer({ api }).authenticate(await good())).rejects.toMatchObject({
    refusal: 'unauthenticated',
    message: 'expected a token for audience "traceprobe-read", got one for traceprobe-agent',
  });
});

test('while the API server is away what it has answered holds for its time, and the rest is unavailable', async () => {
  const clock = new ManualClock();
  const reviewer = agents(clock);
  const readers = new ReaderReviewer({ api, clock });
  const [known, unknown, readerToken] = [await good(), await good(), await reader('late')];
  await reviewer.authenticate(known);
  const identity = await readers.authenticate(readerToken);
  expect(await readers.mayRead(identity, 'slow-opens')).toBe(false);
  await cluster.stopApiServer();
  try {
    clock.advance(29_000);
    await expect(reviewer.authenticate(known)).resolves.toMatchObject({ nodeName: 'node-a' });
    expect(await readers.mayRead(identity, 'slow-opens')).toBe(false);
    await expect(reviewer.authenticate(`${unknown}A`)).rejects.toMatchObject({ refusal: 'unavailable' });
    clock.advance(2000);
    await expect(readers.mayRead(identity, 'slow-opens')).rejects.toMatchObject({ refusal: 'unavailable' });
    await expect(readers.authenticate(readerToken)).resolves.toEqual(identity);
    clock.advance(300_000);
    await expect(reviewer.authenticate(known)).rejects.toMatchObject({ refusal: 'unavailable' });
  } finally {
    await cluster.startApiServer();
  }
  await expect(reviewer.authenticate(known)).resolves.toMatchObject({ nodeName: 'node-a' });
});
