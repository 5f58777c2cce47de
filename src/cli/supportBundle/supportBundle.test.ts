import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { parseTarGzip } from 'nanotar';
import { ServedStore } from '../../aggregator/read/testing/servedStore.ts';
import { frameOf } from '../../aggregator/store/testing/frames.ts';
import { FakeApiServer } from '../../kubernetes/testing/fakeApiServer.ts';
import { runCli } from '../cli.ts';

// Opening a store takes a second, more on a busy machine.
jest.setTimeout(60_000);

let served: ServedStore;
let server: FakeApiServer;
let directory: string;

const pod = (component: string, number: number, status: object = {}): object => ({
  metadata: {
    name: `traceprobe-${component}-${number}`,
    labels: { 'app.kubernetes.io/component': component },
  },
  spec: {
    nodeName: `n${number}`,
    containers: [{ name: component, image: 'traceprobe:1', env: [{ name: 'KEY', value: 'sensitive' }] }],
  },
  status: { phase: 'Pending', conditions: [{ type: 'Ready', status: 'True' }], ...status },
});
const restarted = { containerStatuses: [{ ready: true, restartCount: 2 }] };

/** By the end of its path. */
const lists: Record<string, object[]> = {
  traceprobes: [
    {
      metadata: { name: 'opens', managedFields: [{ manager: 'kubectl' }] },
      spec: { points: [{ name: 'open', attach: 'syscall/openat' }] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    },
  ],
  pods: [
    pod('controller', 0),
    pod('aggregator', 0),
    ...[0, 1].map((number) => pod('agent', number)),
    pod('agent', 2, { phase: 'Running' }),
    pod('agent', 3, restarted),
  ],
  'namespaces/default/events': [
    { metadata: { name: 'a' }, regarding: { apiVersion: 'traceprobe.io/v1alpha1', name: 'opens' } },
    { metadata: { name: 'b' }, regarding: { apiVersion: 'v1', name: 'strangers' } },
  ],
  'namespaces/traceprobe/events': [{ metadata: { name: 'c' } }],
};

beforeAll(async () => {
  served = await ServedStore.start();
  served.authority.rights.set('alice', ['*']);
  await served.store.add(frameOf(1, [{ first: 0, rows: 7 }]));
  server = await FakeApiServer.start();
  server.intercept = ({ path, query }) => {
    if (path === '/version') return { status: 200, body: { gitVersion: 'v1.34.1' } };
    if (path.endsWith('/log')) {
      const own = `{"message":"ready","log":"of ${path} ${query['previous'] ?? ''}"}\n`;
      return { status: 200, body: `${own}{"level":"info","filter":"secret","message":"read","rows":3}\n` };
    }
    const items = Object.entries(lists).find(([end]) => path.endsWith(`/${end}`))?.[1];
    if (items) return { status: 200, body: { metadata: {}, items } };
    return { status: 403, body: { kind: 'Status', code: 403, reason: 'Forbidden', message: `not ${path}` } };
  };
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-bundle-'));
  writeFileSync(join(directory, 'kubeconfig'), server.kubeConfig.exportConfig());
  writeFileSync(join(directory, 'token'), 'alice\n');
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await server[Symbol.asyncDispose]();
  await served[Symbol.asyncDispose]();
});

async function bundle(...args: string[]): Promise<{ files: Map<string, string>; err: string; code: number }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const file = join(directory, 'bundle.tar.gz');
  const token = ['--server', served.address, '--token-file', join(directory, 'token')];
  const own = ['support-bundle', '--kubeconfig', join(directory, 'kubeconfig'), '--output', file, ...token];
  const code = await runCli([...own, ...args], { stdout, stderr, env: {} });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const items = await parseTarGzip(readFileSync(file));
  const err = String(stderr.read() ?? '');
  return { files: new Map(items.map(({ name, text }) => [name, text])), err, code };
}

test('a bundle has what a maintainer needs, and names what could not be had', async () => {
  const { files, err, code } = await bundle('--agents', '2');
  expect({ code, files: [...files.keys()] }).toEqual({
    code: 0,
    files: [
      ...['MISSING.txt', 'version.txt', 'kubernetes-version.json', 'traceprobes.json'],
      ...['events/installation.json', 'events/traceprobes.json', 'pods.json'],
      ...['logs/traceprobe-controller-0.log', 'logs/traceprobe-aggregator-0.log'],
      ...[
        'logs/traceprobe-agent-3.log',
        'logs/traceprobe-agent-3.previous.log',
        'logs/traceprobe-agent-0.log',
      ],
      ...['aggregator/nodes.json', 'aggregator/loss.json'],
    ],
  });
  const missing = files.get('MISSING.txt')?.trim().split('\n') ?? [];
  expect(missing).toEqual([
    'logs: of 2 more agents: --agents takes more than 2',
    expect.stringMatching(/^nodes\.json: .*403 Forbidden: not \/api\/v1\/nodes$/),
    expect.stringMatching(/^doctor\/n2\.txt: exec in pod traceprobe-agent-2 was refused: .*403/),
  ]);
  for (const line of missing) expect(err).toContain(line);
  expect(files.get('traceprobes.json')).toContain('"Ready"');
  expect(files.get('logs/traceprobe-agent-3.previous.log')).toContain('true');
  expect(files.get('events/traceprobes.json')).toMatch(/"a"/);
  expect(JSON.parse(files.get('aggregator/loss.json') ?? '')).toMatchObject({ losses: [{ stored: '7' }] });
});

test('no Secret is asked for, and neither environments, audit logs nor strangers are in it', async () => {
  rmSync(join(directory, 'bundle.tar.gz'));
  const { files } = await bundle();
  const all = [...files.values()].join('\n');
  for (const word of ['sensitive', 'secret', 'strangers', 'managedFields']) expect(all).not.toContain(word);
  expect(server.requests.filter(({ path }) => /secrets|configmaps/.test(path))).toEqual([]);
});

test('a file that is there is not written over', async () => {
  const { code, err } = await bundle();
  expect(code).toBe(1);
  expect(err).toContain('it is there already: choose another --output');
});
