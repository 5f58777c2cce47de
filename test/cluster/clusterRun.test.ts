import { openSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TraceProbe } from '../../src/api/index.ts';
import { traceProbeResource } from '../../src/api/index.ts';
import type { CliContext } from '../../src/cli/cliContext.ts';
import { TextOutput } from '../../src/cli/output/textOutput.ts';
import { clusterEvents } from '../../src/cli/read/clusterEvents.ts';
import type { ReachAggregator } from '../../src/cli/read/forwardToAggregator.ts';
import { watchProbe } from '../../src/cli/read/watchProbe.ts';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { resourcePath } from '../../src/kubernetes/resourcePath.ts';
import { accountOf, eventsOf, runCli, startCli, type CliProcess } from '../kernel/cliProcess.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import type { ClusterUser } from './controlPlane/clusterUser.ts';
import { Installation } from './installation.ts';

const namespace = 'traceprobe';
const { group, version, plural: resource } = traceProbeResource;
const probesPath = resourcePath({ group, version, resource });

let cluster: ControlPlane;
let api: ApiClient;
let installation: Installation;
/** The aggregator, without a port-forward: that takes a kubelet. */
let server: string[];

beforeAll(async () => {
  cluster = await startControlPlane();
  installation = await Installation.start(cluster);
  api = new ApiClient(cluster.kubeConfig);
  await installation.startAggregator();
  await installation.createAgentNode('node-1');
  await installation.startAgent('node-1');
  const { aggregatorAddress, caFile } = installation;
  server = ['--server', aggregatorAddress, '--ca-file', caFile];
  server.push('--token-file', await installation.readerToken());
});
afterAll(async () => {
  api[Symbol.dispose]();
  await installation[Symbol.asyncDispose]();
  await cluster.close();
});

const directly: ReachAggregator = () =>
  Promise.resolve({
    address: installation.aggregatorAddress,
    failure: () => undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });

/** What `kubectl traceprobe run` with these options does. */
function start(...args: string[]): CliProcess {
  const filter = `pid == ${process.pid} && filename.startsWith("/nonexistent/run/")`;
  const probe = ['--attach', 'syscall/openat', '--capture', 'filename', '--filter', filter];
  const cluster_ = ['--cluster', '--kubeconfig', cluster.kubeconfigFile, ...server];
  return startCli(['run', ...probe, ...cluster_, '-o', 'json', ...args]);
}

function openNothing(): void {
  expect(() => openSync('/nonexistent/run/file', 'r')).toThrow('ENOENT');
}

async function probes(): Promise<TraceProbe[]> {
  return (await api.list<TraceProbe>(probesPath)).items;
}

/** Opens again and again until the run's output is so. */
async function whileOpening(
  cli: CliProcess,
  what: string,
  holds: (cli: CliProcess) => boolean,
): Promise<void> {
  const timer = setInterval(openNothing, 20);
  try {
    await cli.until(what, holds);
  } finally {
    clearInterval(timer);
  }
}

test('run --cluster creates a probe that expires, shows its events, deletes it and prints the account', async () => {
  using cli = start('--for', '5s');
  await whileOpening(cli, 'an event came', ({ stdout }) => stdout.includes('\n'));
  const [probe] = await probes();
  expect(probe?.metadata.name).toMatch(/^openat-/);
  expect(probe?.spec.expireAfter).toBe('1m5s');
  const { status, stdout, stderr } = await cli.end();
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: expect.stringMatching(
      /^openat-\w+ on 1 node:\n {2}attempted .*\n {2}shown .*\n {2}missed {4}0\n$/,
    ),
  });
  const events = eventsOf(stdout);
  expect(events[0]).toMatchObject({ node: 'node-1', pid: process.pid, filename: '/nonexistent/run/file' });
  const { 'attempted in all': attempted = 0, stored, filtered = 0 } = accountOf(stderr);
  expect(stored).toBe(events.length);
  expect(attempted).toBe(filtered + events.length);
  expect(await probes()).toEqual([]);
});

test('Ctrl-C deletes the probe as well, and the account is printed', async () => {
  using cli = start();
  await whileOpening(cli, 'an event came', ({ stdout }) => stdout.includes('\n'));
  const { stderr } = await cli.interrupt();
  expect(stderr).toMatch(/^openat-\w+ on 1 node:\n {2}attempted/);
  expect(await probes()).toEqual([]);
});

test('what no node can run is said with each reason, and nothing of it is left', async () => {
  const attach = ['--attach', 'tracepoint/syscalls/sys_enter_nothing'];
  const cluster_ = ['--cluster', '--kubeconfig', cluster.kubeconfigFile, ...server];
  const { status, stderr } = await runCli(['run', ...attach, ...cluster_]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: no node runs TraceProbe [\s\S]*on node-1: [\s\S]*sys_enter_nothing/);
  expect(await probes()).toEqual([]);
});

test('the store of a running aggregator is backed up by its socket, and restored elsewhere', async () => {
  const { directory } = installation;
  const copy = join(directory, 'backup.duckdb');
  const backup = await runCli(['store', 'backup', join(directory, 'store'), copy]);
  expect(backup).toMatchObject({ status: 0, stderr: '' });
  const restored = join(directory, 'restored');
  expect(await runCli(['store', 'restore', copy, restored])).toMatchObject({ status: 0, stderr: '' });
  const [first, second] = await Promise.all(
    [server, ['--store', restored]].map((source) => runCli(['nodes', '-o', 'json', ...source])),
  );
  expect(eventsOf(second?.stdout ?? '')).toMatchObject([{ node: 'node-1' }]);
  expect(second?.stdout).toBe(first?.stdout);
});

async function bind(user: string, ...roles: string[]): Promise<void> {
  for (const role of roles) {
    const kind = role === 'traceprobe-author' ? 'clusterrolebinding' : 'rolebinding';
    const flag = role === 'traceprobe-author' ? '--clusterrole' : '--role';
    const scope = kind === 'rolebinding' ? ['-n', namespace] : [];
    const name = `${user}-${role}`;
    const args = ['create', kind, name, `${flag}=${role}`, `--user=${user}`, ...scope];
    const { code, stderr } = await cluster.kubectl(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }
}

const options = ({ kubeconfigFile }: ClusterUser): { namespace: string; kubeconfig: string } => ({
  namespace,
  kubeconfig: kubeconfigFile,
});

test('who has a certificate and the chart’s Role traceprobe-reader gets a token, and reads with it', async () => {
  const jane = await cluster.clientCertificateFor('jane');
  await bind('jane', 'traceprobe-reader');
  await cluster.untilAllowed(
    jane,
    'create',
    'serviceaccounts/traceprobe-reader',
    '--subresource=token',
    '-n',
    namespace,
  );
  await using events = await clusterEvents(options(jane), directly);
  const { probes: stored } = await events.client.probes({}, await events.credentials());
  expect(stored.map(({ name }) => name)).toEqual(expect.arrayContaining([expect.stringMatching(/^openat-/)]));

  const context = contextOf();
  const watched = new AbortController();
  const watching = Promise.withResolvers<undefined>();
  const shown = watchProbe(
    events,
    { probe: 'any', point: '', filter: '', output: 'json', count: undefined },
    context,
    watched.signal,
    () => {
      watching.resolve(undefined);
    },
  );
  await watching.promise;
  watched.abort();
  expect(await shown).toBe(0);
});

test('who has a certificate and no role is told which right it takes', async () => {
  const joe = await cluster.clientCertificateFor('joe');
  await expect(clusterEvents(options(joe), directly)).rejects.toThrow(
    /joe.*cannot get resource "configmaps"/,
  );
  const only = ['--verb=get', '--resource=configmaps', '--resource-name=traceprobe-ca'];
  await cluster.kubectl(['create', 'role', 'ca', '-n', namespace, ...only]);
  await bind('joe', 'ca');
  await cluster.untilAllowed(joe, 'get', 'configmaps/traceprobe-ca', '-n', namespace);
  await expect(clusterEvents(options(joe), directly)).rejects.toThrow(
    /^this user may not read events: .*joe.*serviceaccounts\/token/,
  );
});

test('the port-forward is asked of the API server with the right that the Role gives, for the aggregator’s pod alone', async () => {
  const jill = await cluster.clientCertificateFor('jill');
  await bind('jill', 'traceprobe-reader');
  await cluster.untilAllowed(
    jill,
    'get',
    'pods/traceprobe-aggregator-0',
    '--subresource=portforward',
    '-n',
    namespace,
  );
  await expect(clusterEvents(options(jill))).rejects.toThrow(
    'no aggregator answers in namespace traceprobe: there is none',
  );
  const forward = (pod: string): Promise<{ code: number; stderr: string }> =>
    cluster.kubectl(
      ['auth', 'can-i', 'create', `pods/${pod}`, '--subresource=portforward', '-n', namespace],
      jill,
    );
  expect((await forward('traceprobe-aggregator-0')).code).toBe(0);
  expect((await forward('agent-node-1')).code).toBe(1);
});

function contextOf(): CliContext {
  const output = new TextOutput(new PassThrough(), {});
  return { stdout: output, stderr: output, environment: {}, log: () => undefined, exitCode: 0 };
}
