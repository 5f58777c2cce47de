import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import { DirectoryRemover } from './faults/directoryRemover.ts';
import { SmallDisk } from './faults/smallDisk.ts';
import { Installation } from './installation.ts';
import { EventsReader } from './simulated/eventsReader.ts';
import { ProbeWatch } from './simulated/probeWatch.ts';
import type { RoleProcess } from './simulated/roleProcess.ts';

const node = 'node-1';
let cluster: ControlPlane;
let installation: Installation;
let api: ApiClient;
let watch: ProbeWatch;
let reader: EventsReader;
let controller: RoleProcess;
let aggregator: RoleProcess;
let agent: RoleProcess;
let storeDisk: SmallDisk;
let agentDisk: SmallDisk;

beforeAll(async () => {
  cluster = await startControlPlane();
  installation = await Installation.start(cluster);
  controller = installation.controller;
  storeDisk = new SmallDisk(installation.storeDirectory, 256);
  agentDisk = new SmallDisk(installation.agentDirectory(node), 64);
  api = new ApiClient(cluster.kubeConfig);
  watch = new ProbeWatch(api);
  aggregator = await installation.startAggregator();
  await installation.createAgentNode(node);
  const { aggregatorAddress: address, caFile } = installation;
  reader = new EventsReader({ address, caFile, tokenFile: await installation.readerToken() });
});
beforeEach(async () => {
  // Not after a test that failed.
  if (aggregator.exited) aggregator = await installation.startAggregator();
  if (controller.exited) controller = await installation.startController();
  agent = await installation.startAgent(node);
});
afterEach(async () => {
  await agent.end('SIGTERM');
  storeDisk.free();
  agentDisk.free();
  installation.network.open();
  installation.network.delay(0);
});
afterAll(async () => {
  await watch.stop();
  reader[Symbol.dispose]();
  api[Symbol.dispose]();
  storeDisk[Symbol.dispose]();
  agentDisk[Symbol.dispose]();
  await installation[Symbol.asyncDispose]();
  await cluster.close();
});

/** Every hit of `pid` is captured; half of them are refused by the native part of the filter. */
async function run(name: string, pid: number): Promise<void> {
  const probe = `
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: ${name} }
spec:
  limits: { eventsPerSecondPerNode: 1000000, cpuPercentPerNode: 100 }
  points:
  - name: rmdir
    attach: syscall/rmdir
    capture: [{ name: pathname, type: String, maxBytes: 4096 }]
    filter: 'pid == ${pid} && pathname.matches("^/nonexistent/[0-9]*[02468]/")'
`;
  await cluster.kubectl(['apply', '-f', '-'], { input: probe });
  await watch.ready(name, 'Running');
}

async function killAgent(): Promise<void> {
  await agent.end('SIGKILL');
  agent = await installation.startAgent(node);
}

async function killAggregator(): Promise<void> {
  await aggregator.end('SIGKILL');
  aggregator = await installation.startAggregator();
}

async function killController(): Promise<void> {
  await controller.end('SIGKILL');
  controller = await installation.startController();
}

interface Fault {
  /** Bytes of each event besides its number. */
  padding?: number;
  /** Strikes, and is over when it settles: whatever would restart a pod has done so. */
  strike: () => Promise<void>;
  /** Why events may be lost; no other reason is accepted. */
  mayLose?: string;
  /** There are such losses, or else the fault was none. */
  loses?: string;
}

const faults: Record<string, Fault> = {
  'agent-killed': { strike: killAgent, mayLose: 'lost_killed' },
  'aggregator-killed': { strike: killAggregator },
  'controller-killed': { strike: killController },
  'api-server-restarted': { strike: () => cluster.restart() },
  'all-killed': {
    strike: async () => {
      await Promise.all([killAgent(), killAggregator(), killController(), cluster.restart()]);
    },
    mayLose: 'lost_killed',
  },
  'network-cut': {
    strike: async () => {
      installation.network.close();
      await agent.untilSaid('the aggregator does not take events');
      installation.network.open();
    },
  },
  'agent-killed-while-the-network-is-cut': {
    strike: async () => {
      installation.network.close();
      await agent.untilSaid('the aggregator does not take events');
      await killAgent();
      installation.network.open();
    },
    mayLose: 'lost_killed',
    loses: 'lost_killed',
  },
  'network-slow': {
    strike: async () => {
      installation.network.delay(100);
      await reader.untilStored('network-slow', (await reader.stored('network-slow')) + 1000);
    },
  },
  'disk-of-the-aggregator-full': {
    padding: 1000,
    strike: async () => {
      storeDisk.fill();
      await aggregator.untilSaid('events cannot be stored; agents hold them back');
      storeDisk.free();
    },
  },
  'disk-of-the-agent-full': {
    padding: 4000,
    strike: async () => {
      await run('stopped-on-a-full-disk', process.pid);
      agentDisk.fill();
      const suspend = ['--type=merge', '-p', '{"spec":{"suspend":true}}'];
      await cluster.kubectl(['patch', 'traceprobe', 'stopped-on-a-full-disk', ...suspend]);
      await agent.untilSaid('a probe has stopped');
      installation.network.close();
      await agent.untilSaid('the spool is full: the oldest events were dropped');
      installation.network.open();
    },
    mayLose: 'lost_spool',
    loses: 'lost_spool',
  },
};

test.each(Object.entries(faults))(
  '%s: every hit is accounted for',
  async (name, fault) => {
    using remover = new DirectoryRemover(fault.padding ?? 10);
    await run(name, remover.pid);
    remover.begin();
    await reader.untilStored(name, 500);
    await fault.strike();
    await reader.untilStored(name, (await reader.stored(name)) + 500);
    const tried = await remover.end();
    // In good order, so that it has delivered everything and told its last account when it has ended.
    await agent.end('SIGTERM');

    const [{ probe, node: from, unknown_since, ...account } = {}] = await reader.cli('loss', name);
    expect({ probe, from, unknown_since }).toEqual({ probe: name, from: node, unknown_since: null });
    const losses = Object.entries(account).filter(
      ([column, count]) => column.startsWith('lost_') && count > 0,
    );
    expect(losses.map(([column]) => column).filter((column) => column !== fault.mayLose)).toEqual([]);
    if (fault.loses !== undefined) expect(Object.fromEntries(losses)).toHaveProperty(fault.loses);
    const lost = losses.reduce((sum, [, count]) => sum + count, 0);
    const { attempted, filtered = 0, captured, stored = 0, open, in_flight } = account;
    expect({ open, in_flight, attempted }).toEqual({
      open: 0,
      in_flight: 0,
      attempted: filtered + stored + lost,
    });

    // Each event once, and only what passes the filter.
    const [rows] = await reader.cli(
      'sql',
      `SELECT count(*) AS events, count(DISTINCT pathname) AS different,
       count(*) FILTER (pathname LIKE '/nonexistent/%') AS ours FROM events."${name}"`,
    );
    expect(rows).toEqual({ events: stored, different: stored, ours: stored });
    expect(captured).toBeLessThanOrEqual(tried);
    await cluster.kubectl(['delete', 'traceprobe', name]);
  },
  60_000,
);
