import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { ApiClient } from './apiClient.ts';
import { resourcePath } from './resourcePath.ts';
import { FakeApiServer } from './testing/fakeApiServer.ts';

let server: FakeApiServer;
let api: ApiClient;

beforeEach(async () => {
  server = await FakeApiServer.start();
  api = new ApiClient(server.kubeConfig, 'traceprobe-test/1');
});
afterEach(async () => {
  api[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

test('paths of objects', () => {
  expect(resourcePath({ version: 'v1', resource: 'nodes' })).toBe('/api/v1/nodes');
  const probe = { group: 'traceprobe.io', version: 'v1alpha1', resource: 'traceprobes', name: 'a/b' };
  expect(resourcePath({ ...probe, subresource: 'status' })).toBe(
    '/apis/traceprobe.io/v1alpha1/traceprobes/a%2Fb/status',
  );
  expect(resourcePath({ version: 'v1', resource: 'pods', namespace: 'n', name: 'p' })).toBe(
    '/api/v1/namespaces/n/pods/p',
  );
});

test('a refusal says what was tried, and the reason for machines and for people', async () => {
  server.intercept = () => ({
    status: 409,
    body: { kind: 'Status', code: 409, reason: 'Conflict', message: 'the object has been modified' },
  });
  await expect(api.update('/api/v1/nodes/a', {})).rejects.toMatchObject({
    name: 'ApiError',
    status: 409,
    reason: 'Conflict',
    message: 'PUT /api/v1/nodes/a: 409 Conflict: the object has been modified',
  });
});

test('a refusal by something before the API server is told as it is', async () => {
  server.intercept = () => ({ status: 503, body: '<h1>no backend</h1>' });
  await expect(api.get('/x')).rejects.toMatchObject({
    status: 503,
    reason: 'ServiceUnavailable',
    message: expect.stringContaining('<h1>no backend</h1>'),
  });
});

test('an answer that is no JSON, and none in time, are errors with their reason', async () => {
  server.intercept = ({ path }) => (path === '/slow' ? 'taken' : { status: 200, body: 'hello' });
  await expect(api.get('/x')).rejects.toMatchObject({ status: 0, reason: 'Unreadable' });
  await expect(api.get('/slow', { timeoutMs: 20 })).rejects.toMatchObject({ status: 0, reason: 'TimedOut' });
});

test('a server that is not there is Unreachable, and the caller who gave up gets his own reason', async () => {
  server.intercept = () => 'taken';
  const aborting = new AbortController();
  const request = api.get('/slow', { signal: aborting.signal });
  await server.until(() => server.requests.length === 1);
  const reason = new Error('no longer wanted');
  aborting.abort(reason);
  await expect(request).rejects.toBe(reason);
  await server.close();
  await expect(api.create('/x', {})).rejects.toMatchObject({ status: 0, reason: 'Unreachable' });
});

test('a kept connection that the server closed meanwhile is no failure', async () => {
  for (let i = 0; i < 20; i += 1) {
    await api.list('/things');
    server.cut();
    await api.create('/things', {}, { repeatable: true });
    server.cut();
  }
});

test('patches say what kind they are, and who applies', async () => {
  await api.patch('/x', { a: 1 }, { type: 'apply', fieldManager: 'traceprobe', force: true });
  await api.patch('/x', { a: 1 }, { type: 'merge' });
  expect(server.requests).toMatchObject([
    {
      method: 'PATCH',
      query: { fieldManager: 'traceprobe', force: 'true' },
      headers: { 'content-type': 'application/apply-patch+yaml', 'user-agent': 'traceprobe-test/1' },
      body: { a: 1 },
    },
    { method: 'PATCH', query: {}, headers: { 'content-type': 'application/merge-patch+json' } },
  ]);
});

test('a token in a file is read again for each request', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'traceprobe-token-'));
  try {
    const tokenFile = join(directory, 'token');
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromClusterAndUser(
      { name: 'c', server: `http://127.0.0.1:${server.port}`, skipTLSVerify: true },
      { name: 'u', authProvider: { name: 'tokenFile', config: { tokenFile } } },
    );
    using client = new ApiClient(kubeConfig);
    await expect(client.get('/x')).rejects.toMatchObject({
      reason: 'NoCredentials',
      message: expect.stringContaining(tokenFile),
    });
    for (const token of ['first', 'second']) {
      await writeFile(tokenFile, `${token}\n`);
      await client.get('/x');
    }
    expect(server.requests.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer first',
      'Bearer second',
    ]);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('credentials come from the plugin that the kubeconfig names', async () => {
  const credential = {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token: 'from-plugin' },
  };
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'c', server: `http://127.0.0.1:${server.port}`, skipTLSVerify: true },
    { name: 'u', exec: { command: process.execPath, args: ['-p', `'${JSON.stringify(credential)}'`] } },
  );
  using client = new ApiClient(kubeConfig);
  await client.get('/x');
  expect(server.requests[0]?.headers['authorization']).toBe('Bearer from-plugin');
});
