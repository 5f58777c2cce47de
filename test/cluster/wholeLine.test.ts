import { openSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { runCli } from '../kernel/cliProcess.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import { Installation } from './installation.ts';
import { ProbeWatch } from './simulated/probeWatch.ts';

let cluster: ControlPlane;
let api: ApiClient;
let watch: ProbeWatch;
let installation: Installation;
let reader: string[];

beforeAll(async () => {
  cluster = await startControlPlane();
  installation = await Installation.start(cluster);
  api = new ApiClient(cluster.kubeConfig);
  watch = new ProbeWatch(api);
  await installation.startAggregator();
  await installation.createAgentNode('node-1');
  await installation.startAgent('node-1');
  const { aggregatorAddress, caFile } = installation;
  const token = await installation.readerToken();
  reader = ['--server', aggregatorAddress, '--ca-file', caFile, '--token-file', token];
});
afterAll(async () => {
  await watch.stop();
  api[Symbol.dispose]();
  await installation[Symbol.asyncDispose]();
  await cluster.close();
});

function openNothing(times: number): void {
  for (let i = 0; i < times; i++) expect(() => openSync(`/nonexistent/whole/${i}`, 'r')).toThrow('ENOENT');
}

interface Row {
  filename: string;
  node: string;
  pid: number;
}

async function query(...args: string[]): Promise<Row[]> {
  const { stdout, stderr, status } = await runCli(['query', ...args, ...reader, '-o', 'json']);
  if (stderr.includes('there are no events of a probe')) return [];
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

test('kubectl apply, and the events of the node are read from the aggregator; the account is exact', async () => {
  const probe = `
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: opens }
spec:
  points:
  - name: openat
    attach: tracepoint/syscalls/sys_enter_openat
    capture: [{ name: filename, type: String }]
    filter: 'pid == ${process.pid} && filename.startsWith("/nonexistent/whole/")'
`;
  const { stderr } = await cluster.kubectl(['apply', '-f', '-'], { input: probe });
  expect(stderr).toBe('');
  const status = await watch.ready('opens', 'Running');
  expect(status.nodes).toMatchObject({ desired: 1, running: 1 });

  openNothing(100);
  let rows: Row[] = [];
  while (rows.length < 100) rows = await query('opens');
  expect(rows.map(({ filename }) => filename).sort()).toEqual(
    Array.from({ length: 100 }, (_, i) => `/nonexistent/whole/${i}`).sort(),
  );
  expect(new Set(rows.map(({ node }) => node))).toEqual(new Set(['node-1']));
  expect(new Set(rows.map(({ pid }) => pid))).toEqual(new Set([process.pid]));
  expect(await query('opens', '--filter', 'filename.endsWith("/7")')).toHaveLength(1);
});
