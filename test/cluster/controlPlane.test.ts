import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AuthenticationV1Api, CoreV1Api } from '@kubernetes/client-node';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';

let cluster: ControlPlane;
beforeAll(async () => {
  cluster = await startControlPlane();
});
afterAll(() => cluster.close());

const agent = { namespace: 'tracing', name: 'agent' };
const audience = 'traceprobe-agent';

async function review(token: string): Promise<unknown> {
  const authentication = cluster.kubeConfig.makeApiClient(AuthenticationV1Api);
  const answer = await authentication.createTokenReview({ body: { spec: { token, audiences: [audience] } } });
  return answer.status;
}

test('a token bound to a pod tells the pod and its node', async () => {
  const node = await cluster.createNode('node-a');
  const pod = await cluster.createPod({
    namespace: 'tracing',
    name: 'a',
    node: 'node-a',
    serviceAccount: 'agent',
  });
  expect(await review(await cluster.tokenFor(agent, { audience, boundPod: 'a' }))).toMatchObject({
    authenticated: true,
    audiences: [audience],
    user: {
      username: 'system:serviceaccount:tracing:agent',
      extra: {
        'authentication.kubernetes.io/node-name': ['node-a'],
        'authentication.kubernetes.io/node-uid': [node.metadata?.uid],
        'authentication.kubernetes.io/pod-name': ['a'],
        'authentication.kubernetes.io/pod-uid': [pod.metadata?.uid],
      },
    },
  });
});

test('tokens of another audience and expired ones are refused', async () => {
  await cluster.createServiceAccount(agent);
  expect(await review(await cluster.tokenFor(agent, { audience: 'other' }))).not.toMatchObject({
    authenticated: true,
  });
  expect(await review(await cluster.expiredTokenFor(agent, { audience }))).toMatchObject({
    error: expect.stringContaining('has expired'),
  });
});

test('a user with a certificate may do what RBAC says', async () => {
  const jane = await cluster.clientCertificateFor('jane', ['readers']);
  const refused = await cluster.kubectl(['get', 'nodes'], jane);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('User "jane" cannot list') });
  await cluster.kubectl(['create', 'clusterrole', 'nodes', '--verb=list', '--resource=nodes']);
  await cluster.kubectl(['create', 'clusterrolebinding', 'nodes', '--clusterrole=nodes', '--group=readers']);
  await cluster.untilAllowed(jane, 'list', 'nodes');
  expect(await cluster.kubectl(['get', 'nodes'], jane)).toMatchObject({ code: 0 });
});

test('several users may be certified at a time', async () => {
  const names = ['anna', 'ben', 'cleo', 'dora', 'o=ops/é, "x"'];
  const users = await Promise.all(names.map((name) => cluster.clientCertificateFor(name)));
  const known = users.map((user) =>
    cluster.kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'], user),
  );
  expect((await Promise.all(known)).map(({ stdout }) => stdout)).toEqual(names);
});

test('after a restart the API server is at the same place with the same objects', async () => {
  const core = cluster.kubeConfig.makeApiClient(CoreV1Api);
  await cluster.createNamespace('kept');
  await cluster.stopApiServer();
  await expect(core.readNamespace({ name: 'kept' })).rejects.toThrow();
  await cluster.startApiServer();
  expect(await core.readNamespace({ name: 'kept' })).toMatchObject({ metadata: { name: 'kept' } });
});

test('nothing is left of a closed control plane', async () => {
  const other = await startControlPlane();
  const directory = dirname(other.kubeconfigFile);
  expect(existsSync(directory)).toBe(true);
  await other.close();
  expect(existsSync(directory)).toBe(false);
  await expect(fetch(other.url)).rejects.toThrow('fetch failed');
});

test('servers end with the process that started them, even when it is killed', async () => {
  const module = new URL('controlPlane.ts', import.meta.url).href;
  const script = `
    const { startControlPlane } = await import('${module}');
    const { url, kubeconfigFile } = await startControlPlane();
    process.stdout.write(JSON.stringify({ url, kubeconfigFile }), () => process.kill(process.pid, 'SIGKILL'));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { url, kubeconfigFile } = JSON.parse(await text(child.stdout)) as Record<string, string>;
  // Gone when nobody listens any more; the kernel kills it, but need not have before our child is reaped.
  for (let ended = false; !ended;) {
    const socket = connect(Number(new URL(url ?? '').port), '127.0.0.1');
    ended = await once(socket, 'connect').then(
      () => false,
      () => true,
    );
    socket.destroy();
  }
  await rm(dirname(kubeconfigFile ?? ''), { recursive: true });
});
