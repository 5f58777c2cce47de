import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CertificateKeeper } from '../../src/controller/certificateKeeper.ts';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { serverLife } from '../../src/rpc/tls/certificateRotation.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';

const servers = { aggregator: ['traceprobe-aggregator'], controller: ['traceprobe-controller'] };
const start = new Date();
let cluster: ControlPlane;
let client: ApiClient;

beforeAll(async () => {
  cluster = await startControlPlane();
  client = new ApiClient(cluster.kubeConfig);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await cluster.close();
});

async function stored(kind: string, name: string, key: string): Promise<string> {
  const path = `{.data.${key.replace('.', '\\.')}}`;
  const { stdout, stderr } = await cluster.kubectl([
    'get',
    kind,
    name,
    '-n',
    'tracing',
    '-o',
    `jsonpath=${path}`,
  ]);
  expect(stderr).toBe('');
  return kind === 'secret' ? Buffer.from(stdout, 'base64').toString() : stdout;
}

test('what pods mount belongs together, is made once by two who try at once, and is renewed in time', async () => {
  await cluster.kubectl(['create', 'namespace', 'tracing']);
  const keepers = [1, 2].map(() => new CertificateKeeper({ client, namespace: 'tracing', servers }));
  const outcomes = await Promise.allSettled(keepers.map((keeper) => keeper.step(start)));
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
  for (const { reason } of failed) expect(String(reason)).toMatch(/409/);
  expect(failed.length).toBeLessThan(2);

  const authority = new X509Certificate(await stored('configmap', 'traceprobe-ca', 'ca.crt'));
  const first = new X509Certificate(await stored('secret', 'traceprobe-aggregator-tls', 'tls.crt'));
  expect(first.verify(authority.publicKey)).toBe(true);
  expect(first.subjectAltName).toBe('DNS:traceprobe-aggregator');

  const [keeper] = keepers;
  await keeper?.step(new Date(start.getTime() + 1000));
  const again = new X509Certificate(await stored('secret', 'traceprobe-aggregator-tls', 'tls.crt'));
  expect(again.serialNumber).toBe(first.serialNumber);
  await keeper?.step(new Date(start.getTime() + (serverLife * 2) / 3));
  const renewed = new X509Certificate(await stored('secret', 'traceprobe-aggregator-tls', 'tls.crt'));
  expect(renewed.serialNumber).not.toBe(first.serialNumber);
  expect(renewed.verify(authority.publicKey)).toBe(true);
});

test('an object that someone deleted or changed is put right', async () => {
  const keeper = new CertificateKeeper({ client, namespace: 'tracing', servers });
  const right = await stored('configmap', 'traceprobe-ca', 'ca.crt');
  await cluster.kubectl(['delete', 'secret', 'traceprobe-controller-tls', '-n', 'tracing']);
  await cluster.kubectl([
    'patch',
    'configmap',
    'traceprobe-ca',
    '-n',
    'tracing',
    '-p',
    '{"data":{"ca.crt":"none"}}',
  ]);
  await keeper.step(start);
  expect(await stored('configmap', 'traceprobe-ca', 'ca.crt')).toBe(right);
  expect(await stored('secret', 'traceprobe-controller-tls', 'tls.key')).toMatch(
    /^-----BEGIN PRIVATE KEY-----/,
  );
});

test('a Secret that holds something else says what to do', async () => {
  const data = JSON.stringify({ data: { 'certificates.json': Buffer.from('{').toString('base64') } });
  await cluster.kubectl(['patch', 'secret', 'traceprobe-certificates', '-n', 'tracing', '-p', data]);
  const keeper = new CertificateKeeper({ client, namespace: 'tracing', servers });
  await expect(keeper.step(start)).rejects.toThrow('delete the Secret');
});
