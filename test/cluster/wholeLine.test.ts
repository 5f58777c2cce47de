import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { runCli } from '../kernel/cliProcess.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import { Installation } from './installation.ts';
import { EventsReader } from './simulated/eventsReader.ts';
import { ProbeWatch } from './simulated/probeWatch.ts';
import type { RoleProcess } from './simulated/roleProcess.ts';

let cluster: ControlPlane;
let api: ApiClient;
let watch: ProbeWatch;
let installation: Installation;
let reader: EventsReader;
let agent: RoleProcess;

beforeAll(async () => {
  cluster = await startControlPlane();
  installation = await Installation.start(cluster);
  api = new ApiClient(cluster.kubeConfig);
  watch = new ProbeWatch(api);
  await installation.startAggregator();
  await installation.createAgentNode('node-1');
  agent = await installation.startAgent('node-1');
  const { aggregatorAddress: address, caFile } = installation;
  reader = new EventsReader({ address, caFile, tokenFile: await installation.readerToken() });
});
afterAll(async () => {
  reader[Symbol.dispose]();
  await watch.stop();
  api[Symbol.dispose]();
  await installation[Symbol.asyncDispose]();
  await cluster.close();
});

function openNothing(probe: string, times: number): void {
  for (let i = 0; i < times; i++) expect(() => openSync(`/nonexistent/${probe}/${i}`, 'r')).toThrow('ENOENT');
}

interface Row {
  filename: string;
  node: string;
  pid: number;
}

async function apply(name: string, spec: object = {}): Promise<void> {
  const point = {
    name: 'openat',
    attach: 'tracepoint/syscalls/sys_enter_openat',
    capture: [{ name: 'filename', type: 'String' }],
    filter: `pid == ${process.pid} && filename.startsWith("/nonexistent/${name}/")`,
  };
  const probe = {
    ...{ apiVersion: 'traceprobe.io/v1alpha1', kind: 'TraceProbe', metadata: { name } },
    spec: { points: [point], ...spec },
  };
  const { stderr } = await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(probe) });
  expect(stderr).toBe('');
}

test('kubectl apply, and the events of the node are read from the aggregator; the account is exact', async () => {
  await apply('opens');
  const status = await watch.ready('opens', 'Running');
  expect(status.nodes).toMatchObject({ desired: 1, running: 1 });

  openNothing('opens', 100);
  await reader.untilStored('opens', 99);
  const rows = await reader.cli<Row>('query', 'opens');
  expect(rows.map(({ filename }) => filename).sort()).toEqual(
    Array.from({ length: 100 }, (_, i) => `/nonexistent/opens/${i}`).sort(),
  );
  expect(new Set(rows.map(({ node }) => node))).toEqual(new Set(['node-1']));
  expect(new Set(rows.map(({ pid }) => pid))).toEqual(new Set([process.pid]));
  expect(await reader.cli('query', 'opens', '--filter', 'filename.endsWith("/7")')).toHaveLength(1);
});

/** On the node: the status counts what was told of it. */
async function untilStopped(name: string): Promise<void> {
  await agent.until(({ entries }) =>
    entries.some(({ message, probe }) => message === 'a probe has stopped' && probe === name),
  );
}

/** Each stops the probe on the node, and lets it run again. */
const switches: Record<string, { reason: string; off: string[]; on: string[] }> = {
  suspend: {
    reason: 'Suspended',
    off: ['patch', 'traceprobe', 'suspend', '--type=merge', '-p', '{"spec":{"suspend":true}}'],
    on: ['patch', 'traceprobe', 'suspend', '--type=merge', '-p', '{"spec":{"suspend":false}}'],
  },
  'suspend-all': {
    reason: 'SuspendedClusterWide',
    off: ['traceprobe', 'suspend', '--all'],
    on: ['traceprobe', 'resume', '--all'],
  },
  'node-label': {
    reason: 'NoNodes',
    off: ['label', 'node', 'node-1', 'traceprobe.io/disabled='],
    on: ['label', 'node', 'node-1', 'traceprobe.io/disabled-'],
  },
};

async function command([program = '', ...args]: string[]): Promise<void> {
  if (program !== 'traceprobe') {
    expect(await cluster.kubectl([program, ...args])).toMatchObject({ code: 0 });
    return;
  }
  const ended = await runCli([...args, '--kubeconfig', cluster.kubeconfigFile]);
  expect(ended).toMatchObject({ status: 0, stderr: '' });
}

test.each(Object.entries(switches))(
  '%s: nothing is recorded while it is off',
  async (name, { reason, off, on }) => {
    await apply(name);
    await watch.ready(name, 'Running');
    openNothing(name, 10);
    await reader.untilStored(name, 9);
    await command(off);
    await watch.ready(name, reason);
    await untilStopped(name);
    openNothing(name, 100);
    await command(on);
    await watch.ready(name, 'Running');
    openNothing(name, 5);
    expect(await reader.untilStored(name, 14)).toBe(15);
  },
);

test('a probe whose time is over is stopped, and says so', async () => {
  await apply('brief', { expireAfter: '10s' });
  await watch.ready('brief', 'Running');
  openNothing('brief', 10);
  await watch.ready('brief', 'Expired');
  await untilStopped('brief');
  openNothing('brief', 100);
  expect(await reader.untilStored('brief', 9)).toBe(10);
});

test('a probe that costs more CPU than it may is stopped on that node, and the status says so', async () => {
  const load = 'for (;;) try { require("node:fs").openSync("/nonexistent/costly/x") } catch {}';
  const busy = spawn(process.execPath, ['-e', load]);
  try {
    // Every hit loads a string and refuses it.
    const filter = `pid == ${busy.pid ?? 0} && filename.startsWith("/elsewhere/")`;
    const point = { name: 'openat', attach: 'syscall/openat', capture: [{ name: 'filename' }], filter };
    await apply('costly', { points: [point], limits: { cpuPercentPerNode: 1 } });
    const { failures } = await watch.ready('costly', 'NodesFailed');
    const message = expect.stringContaining('limits.cpuPercentPerNode grants 1 %');
    expect(failures).toEqual([{ reason: 'OverBudget', message, count: 1, nodes: ['node-1'] }]);
  } finally {
    busy.kill('SIGKILL');
  }
});

test('an agent that is one feature older than the controller refuses what needs it, and runs the rest', async () => {
  await installation.createAgentNode('node-2', { age: 'old' });
  const old = await installation.startAgent('node-2', '--import=./test/cluster/simulated/withoutFilters.ts');
  const selector = { nodeSelector: { matchLabels: { age: 'old' } } };
  await apply('too-new', { scope: selector });
  const { failures, nodes } = await watch.ready('too-new', 'Unsupported');
  expect(nodes).toMatchObject({ desired: 1, unsupported: 1 });
  const message = 'the agent on this node does not know filter, which the probe needs: update the agent';
  expect(failures).toEqual([{ reason: 'AgentTooOld', message, count: 1, nodes: ['node-2'] }]);
  const points = [{ name: 'rmdir', attach: 'syscall/rmdir' }];
  await apply('old-enough', { scope: selector, points });
  await watch.ready('old-enough', 'Running');
  await old.end('SIGTERM');
});
