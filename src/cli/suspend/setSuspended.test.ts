import { PassThrough } from 'node:stream';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FakeApiServer } from '../../kubernetes/testing/fakeApiServer.ts';
import { runCli } from '../cli.ts';

let server: FakeApiServer;
let directory: string;

beforeEach(async () => {
  server = await FakeApiServer.start();
  server.intercept = ({ method }) => (method === 'PATCH' ? { status: 200, body: {} } : undefined);
  const kubeConfig = server.kubeConfig;
  kubeConfig.addCluster({ name: 'elsewhere', server: 'http://127.0.0.1:1', skipTLSVerify: true });
  kubeConfig.addContext({ name: 'elsewhere', cluster: 'elsewhere', user: 'tester' });
  kubeConfig.addContext({ name: 'here', cluster: 'fake', user: 'tester' });
  kubeConfig.setCurrentContext('elsewhere');
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-suspend-'));
  writeFileSync(join(directory, 'kubeconfig'), kubeConfig.exportConfig());
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
  await server[Symbol.asyncDispose]();
});

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const kubeconfig = ['--kubeconfig', join(directory, 'kubeconfig')];
  const code = await runCli([...args, ...kubeconfig], { stdout, stderr, env: {} });
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

test('a probe of the cluster that --context names is suspended', async () => {
  expect(await cli('suspend', 'opens', '--context', 'here')).toEqual({
    ...{ code: 0, out: 'opens suspended\n', err: '' },
  });
  const [request] = server.requests;
  expect(request?.path).toBe('/apis/traceprobe.io/v1alpha1/traceprobes/opens');
  expect(request?.body).toEqual({ spec: { suspend: true } });
});

test('a context that is not there is told, with those that are', async () => {
  const { code, err } = await cli('resume', '--all', '--context', 'nowhere');
  expect(code).toBe(1);
  expect(err).toContain('there is no context nowhere');
  expect(err).toContain('elsewhere, here');
});
