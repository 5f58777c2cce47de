import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseDocuments } from '../../src/api/index.ts';
import { DesiredProbeSchema, DesiredStateSchema } from '../../src/rpc/gen/traceprobe/v1/agent_pb.ts';
import { StandInAggregator, StandInController } from './agentStandIns.ts';
import { openMissing } from './openMissing.ts';

const pins = `/sys/fs/bpf/traceprobe-agent-test-${process.pid}`;
let directory: string;
let controller: StandInController;
let aggregator: StandInAggregator;
const children: ChildProcess[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-'));
  controller = new StandInController();
  aggregator = new StandInAggregator();
  await controller.listen();
  await aggregator.listen();
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  controller.close();
  aggregator.close();
  rmSync(directory, { recursive: true });
  if (!existsSync(pins)) return;
  for (const pin of readdirSync(pins)) rmSync(join(pins, pin));
  rmSync(pins, { recursive: true });
});

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

const startAgent = (...args: string[]): ChildProcess =>
  start(join(import.meta.dirname, 'agentProcess.ts'), controller.address, directory, pins, ...args);

/** Opens files that do not exist, as fast as it can, until killed. */
const load = `const fs = require('node:fs');
process.stdout.write('loading\\n');
for (let i = 0; ; i++) try { fs.openSync('/nonexistent/' + i) } catch {}`;

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

const probe = `{ apiVersion: traceprobe.io/v1alpha1, kind: TraceProbe, metadata: { name: opens }, spec: {
  points: [{ name: openat, attach: syscall/openat, capture: [{ name: filename }],
    filter: 'filename.startsWith("/nonexistent/") && filename.matches("[02468]$")' }],
  limits: { eventsPerSecondPerNode: 10000000, cpuPercentPerNode: 100 } } }`;

function want(manifests: string): void {
  const [manifest] = parseDocuments(manifests, 'probe');
  controller.desired = create(DesiredStateSchema, {
    ...{ revision: 1n, complete: true, aggregator: aggregator.address },
    probes: [
      create(DesiredProbeSchema, {
        ...{ uid: 'opens', name: 'opens', generation: 1n },
        spec: Buffer.from(JSON.stringify(manifest?.probe.spec)),
      }),
    ],
  });
}

test.each([
  ['while its events are taken', true],
  ['while nobody takes its events', false],
])('after kill -9 under load, %s, the next agent closes the account to the last event', async (_, taken) => {
  want(probe);
  const agent = startAgent();
  await controller.reportOf('opens', 'Running');
  const opener = start('-e', load);
  const first = Buffer.from(controller.hellos[0]?.epoch ?? []).toString('hex');
  const key = `${first}/opens`;
  await aggregator.until(() => (aggregator.stored.get(key)?.rows ?? 0n) > 1000n);
  if (!taken) aggregator.close();
  for (let i = 0; i < 20_000; i++) await new Promise((resolve) => setImmediate(resolve));
  await end(agent, 'SIGKILL');
  await end(opener, 'SIGKILL');
  if (!taken) await aggregator.listen(aggregator.port);

  // The pinned counters stay until the aggregator has heard of them.
  expect(readdirSync(pins)).toEqual([`${first}-counters`]);
  const next = startAgent();
  await aggregator.until(() => aggregator.accounts.get(key)?.killed === true);
  const account = aggregator.accounts.get(key);
  const stored = aggregator.stored.get(key);
  if (account === undefined || stored === undefined) throw new Error('no account');
  const { attempted, filteredInKernel, captured, open, lost } = account;
  const lostInKernel = Object.values(lost).reduce((sum, count) => sum + count, 0n);
  expect(account).toMatchObject({ final: true, unknownSince: 0n });
  expect(attempted).toBe(filteredInKernel + captured + open + lostInKernel);
  expect(stored.gaps).toBeGreaterThanOrEqual(0n);
  expect(captured).toBeGreaterThan(0n);
  expect(captured - stored.rows - stored.filtered).toBeGreaterThanOrEqual(0n);
  await end(next, 'SIGTERM');
  expect(next.exitCode).toBe(0);
  expect(existsSync(join(pins, `${first}-counters`))).toBe(false);
  expect(readdirSync(pins)).toEqual([]);
});

test('what an agent that ends can neither ship nor keep on disk is in the account that the next one closes', async () => {
  want(probe);
  const agent = startAgent('0');
  await controller.reportOf('opens', 'Running');
  const epoch = Buffer.from(controller.hellos[0]?.epoch ?? []).toString('hex');
  // Its first sign of life has come: then nothing more gets there.
  await aggregator.until(() => aggregator.frames.length > 0);
  aggregator.close();
  await controller.until(() => !controller.delivering);
  // Nothing can be written there any more.
  rmSync(join(directory, 'spool'), { recursive: true });
  openMissing('/nonexistent/2', 10);
  await end(agent, 'SIGTERM');
  expect(agent.exitCode).toBe(0);
  expect(readdirSync(pins)).toEqual([`${epoch}-counters`]);

  await aggregator.listen(aggregator.port);
  startAgent();
  await aggregator.until(() => aggregator.accounts.get(`${epoch}/opens`)?.killed === true);
  expect(aggregator.accounts.get(`${epoch}/opens`)).toMatchObject({ final: true, unknownSince: 0n });
  const { captured = 0n } = aggregator.accounts.get(`${epoch}/opens`) ?? {};
  const { rows = 0n, filtered = 0n } = aggregator.stored.get(`${epoch}/opens`) ?? {};
  expect(captured - rows - filtered).toBeGreaterThanOrEqual(10n);
});
