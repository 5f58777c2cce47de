import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { credentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Agent, type AgentOptions } from '../../src/agent/agent.ts';
import { parseDocuments } from '../../src/api/index.ts';
import { decodeBatch, decodeHead } from '../../src/codec/decodeBatch.ts';
import { rowsOf } from '../../src/codec/rowsOf.ts';
import type { ColumnType } from '../../src/probe/plan.ts';
import {
  DesiredProbeSchema,
  DesiredStateSchema,
  type DesiredProbe,
} from '../../src/rpc/gen/traceprobe/v1/agent_pb.ts';
import { StandInAggregator, StandInController } from './agentStandIns.ts';
import { openMissing } from './openMissing.ts';

let directory: string;
let controller: StandInController;
let aggregator: StandInAggregator;
const agents: Agent[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-'));
  controller = new StandInController();
  aggregator = new StandInAggregator();
  await controller.listen();
  await aggregator.listen();
});

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.close(0);
  controller.close();
  aggregator.close();
  rmSync(directory, { recursive: true });
});

function start(options: Partial<AgentOptions> = {}): Agent {
  const agent = new Agent({
    controller: controller.address,
    credentials: credentials.createInsecure(),
    token: () => 'token-1',
    nodeName: 'node-1',
    version: '0.0.0',
    dataDirectory: directory,
    flushMilliseconds: 10,
    backoff: { firstMs: 5, maxMs: 20 },
    log: () => undefined,
    ...options,
  });
  agents.push(agent);
  return agent;
}

async function close(agent: Agent, milliseconds?: number): Promise<void> {
  agents.splice(agents.indexOf(agent), 1);
  await agent.close(milliseconds);
}

/** A probe as the controller sends it. */
function desired(
  uid: string,
  spec: string,
  changes: MessageInitShape<typeof DesiredProbeSchema> = {},
): DesiredProbe {
  const document = `{ apiVersion: traceprobe.io/v1alpha1, kind: TraceProbe, metadata: { name: ${uid} }, spec: ${spec} }`;
  const [manifest] = parseDocuments(document, uid);
  return create(DesiredProbeSchema, {
    ...{ uid, name: uid, generation: 1n },
    spec: Buffer.from(JSON.stringify(manifest?.probe.spec)),
    ...changes,
  });
}

const opens = (path: string): string => `{
  points: [{ name: openat, attach: syscall/openat, capture: [{ name: filename }, { name: retval }],
    filter: 'filename == "${path}"' }],
  limits: { eventsPerSecondPerNode: 1000000, cpuPercentPerNode: 100 } }`;

function want(...probes: DesiredProbe[]): void {
  controller.desired = create(DesiredStateSchema, {
    ...{ revision: (controller.desired?.revision ?? 0n) + 1n, complete: true },
    ...{ probes, aggregator: aggregator.address },
  });
  controller.send(controller.desired);
}

function storedRows(uid: string): bigint {
  return [...aggregator.stored]
    .filter(([key]) => key.endsWith(`/${uid}`))
    .reduce((sum, [, { rows }]) => sum + rows, 0n);
}

function onlyAccount(uid: string) {
  const [account] = [...aggregator.accounts.values()].filter(({ probeUid }) => probeUid === uid);
  if (account === undefined) throw new Error(`no account of ${uid}`);
  return account;
}

test('what the controller wants runs, and its events reach the aggregator with their columns', async () => {
  want(desired('one', opens('/nonexistent/one')));
  const agent = start();
  const report = await controller.reportOf('one', 'Running');
  expect(report.reason).toBe('');
  expect(controller.hellos[0]?.epoch).toEqual(agent.host.epoch);
  openMissing('/nonexistent/one', 3);
  await aggregator.until(() => storedRows('one') === 3n);

  const schema = aggregator.schemas.get('one/1/0');
  expect(schema).toMatchObject({ probeName: 'one', pointName: 'openat', maxAgeMs: 86_400_000n });
  const columns = (schema?.columns ?? []).map(({ name, type, visible }) => ({
    ...{ name, visible, field: 0 },
    type: type as ColumnType,
  }));
  const rows = aggregator.batches.flatMap(({ bytes }) => [
    ...rowsOf(
      decodeBatch(
        bytes,
        columns.map(({ type }) => type),
      ),
      columns,
    ),
  ]);
  expect(rows.map(({ fields }) => fields)).toEqual(
    Array.from({ length: 3 }, () => ({ filename: '/nonexistent/one', retval: -2 })),
  );
  expect(controller.tokens[0]).toBe('token-1');
  expect(aggregator.tokens[0]).toBe('token-1');
  await controller.until(() => controller.delivering);
});

test('a probe that cannot run says why, in reasons for machines, and disturbs no other', async () => {
  const point = (attach: string, more = ''): string => `{ points: [{ name: p, attach: ${attach}${more} }] }`;
  want(
    desired('symbol', point('tracepoint/syscalls/sys_enter_opennat')),
    desired('field', point('syscall/openat', ', capture: [{ name: filenam }]')),
    desired('feature', opens('/x'), { requiredFeatures: ['points', 'timetravel'] }),
    desired('spec', opens('/x'), { spec: Buffer.from('{"points":[],"extra":1}') }),
    desired('fine', opens('/nonexistent/fine')),
  );
  start();
  await controller.reportOf('fine', 'Running');
  const reasons = ['symbol', 'field', 'feature', 'spec'].map((uid) => {
    const { state, reason } = controller.reports.get(uid) ?? {};
    return `${uid}: ${state ?? ''} ${reason ?? ''}`;
  });
  expect(reasons).toEqual([
    'symbol: Failed SymbolNotFound',
    'field: Failed FieldNotFound',
    'feature: Unsupported AgentTooOld',
    'spec: Unsupported AgentTooOld',
  ]);
  expect(controller.reports.get('symbol')?.message).toContain('sys_enter_openat');
  expect(controller.reports.get('feature')?.message).toContain('timetravel');
  openMissing('/nonexistent/fine');
  await aggregator.until(() => storedRows('fine') === 1n);
});

test('an update that fails leaves running what ran before; one that works loses nothing', async () => {
  want(desired('one', opens('/nonexistent/one')));
  start();
  await controller.reportOf('one', 'Running');
  want(desired('one', '{ points: [{ name: openat, attach: syscall/oopenat }] }', { generation: 2n }));
  const report = await controller.reportOf('one', 'Failed', 2n);
  expect(report.message).toContain('generation 1 goes on');
  openMissing('/nonexistent/one', 5);
  await aggregator.until(() => storedRows('one') === 5n);
  want(desired('one', opens('/nonexistent/two'), { generation: 3n }));
  await controller.reportOf('one', 'Running', 3n);
  openMissing('/nonexistent/two', 2);
  await aggregator.until(() => storedRows('one') === 7n);
  expect(aggregator.batches.at(-1)?.probeUid).toBe('one');
});

test('a probe that is not wanted any more is stopped and leaves its last account', async () => {
  want(desired('one', opens('/nonexistent/one')), desired('two', opens('/nonexistent/two')));
  start();
  await controller.reportOf('two', 'Running');
  openMissing('/nonexistent/one', 4);
  want(desired('two', opens('/nonexistent/two'), { stopped: true }));
  await aggregator.until(() => [...aggregator.accounts.values()].some(({ final }) => final));
  const account = onlyAccount('one');
  expect(account).toMatchObject({ captured: 4n, delivered: 4n, final: true, killed: false, lost: {} });
  expect(account.attempted).toBe(account.filteredInKernel + account.captured + account.open);
  expect(storedRows('one')).toBe(4n);
  await controller.reportOf('two', 'Stopped');
  openMissing('/nonexistent/two');
  want(desired('two', opens('/nonexistent/two')));
  await controller.reportOf('two', 'Running');
  openMissing('/nonexistent/two', 2);
  await aggregator.until(() => storedRows('two') === 2n);
});

test('a restart without a controller goes on from the last plan', async () => {
  want(desired('one', opens('/nonexistent/one')));
  const first = start();
  await controller.reportOf('one', 'Running');
  controller.close();
  await close(first);
  const second = start();
  await second.settled();
  openMissing('/nonexistent/one', 2);
  await aggregator.until(() => storedRows('one') === 2n);
  expect(second.linked).toBe(false);
});

test('a probe stops at its time while the controller is away, and does not come back with a restart', async () => {
  const expiring = desired('one', opens('/nonexistent/one'), { expiresUnixMs: 61_000n });
  const clock = { now: 0, callbacks: new Set<() => void>() };
  const passing = {
    monotonic: () => clock.now,
    wall: () => 1000 + clock.now,
    after: (_: number, callback: () => void) => {
      clock.callbacks.add(callback);
      return () => clock.callbacks.delete(callback);
    },
  };
  want(expiring, desired('two', opens('/nonexistent/two')));
  const first = start({ clock: passing });
  await controller.reportOf('two', 'Running');
  controller.close();
  clock.now = 60_000;
  for (const callback of clock.callbacks) callback();
  await first.settled();
  expect(first.reports.get('one')).toMatchObject({ state: 'Stopped', reason: 'Expired' });
  expect(first.host.probes.map(({ uid }) => uid)).toEqual(['two']);
  await close(first);
  const second = start({ clock: passing });
  await second.settled();
  expect(second.reports.get('one')).toMatchObject({ state: 'Stopped', reason: 'Expired' });
  expect(second.host.probes.map(({ uid }) => uid)).toEqual(['two']);
});

test('a probe that costs more CPU than it may is stopped, says so, and stays off until it is changed', async () => {
  // Every hit loads a string and refuses it, which is more than a hundredth of a CPU under this load.
  const hungry = opens('/nonexistent/one').replace('cpuPercentPerNode: 100', 'cpuPercentPerNode: 1');
  want(desired('one', hungry), desired('two', opens('/nonexistent/two')));
  const agent = start({
    budget: { intervalMilliseconds: 40, sampleMilliseconds: 30 },
    retryMilliseconds: 40,
  });
  await controller.reportOf('two', 'Running');
  const load = setInterval(() => {
    openMissing('/nonexistent/other', 500);
  }, 1);
  try {
    const report = await controller.reportOf('one', 'Failed');
    expect(report.reason).toBe('OverBudget');
    expect(report.message).toMatch(
      /programs used [\d.]+ % of a CPU, and limits.cpuPercentPerNode grants 1 %/,
    );
  } finally {
    clearInterval(load);
  }
  expect(agent.host.probes.map(({ uid }) => uid)).toEqual(['two']);
  expect(controller.reports.get('two')?.state).toBe('Running');
  want(
    desired('one', opens('/nonexistent/one'), { generation: 2n }),
    desired('two', opens('/nonexistent/two')),
  );
  await controller.reportOf('one', 'Running', 2n);
  openMissing('/nonexistent/one');
  await aggregator.until(() => storedRows('one') === 1n);
});

test('where programs cannot be measured, probes that run say that their CPU budget is not kept, and why', async () => {
  const statistics = { close: () => undefined, [Symbol.dispose]: () => undefined };
  const measuring = { allowed: false };
  const measure = (): typeof statistics => {
    if (!measuring.allowed) throw new Error('statistics: EPERM');
    return statistics;
  };
  want(
    desired('one', opens('/nonexistent/one')),
    desired('bad', '{ points: [{ name: p, attach: syscall/oopen }] }'),
  );
  const agent = start({ budget: { intervalMilliseconds: 20, sampleMilliseconds: 5, measure } });
  const notes = (uid: string): string => controller.reports.get(uid)?.notes.join() ?? 'no report';
  await controller.until(() => notes('one').includes('cpuPercentPerNode is not kept: statistics: EPERM'));
  await controller.until(() => notes('bad') === '');
  expect(agent.keepsBudgets).toBe(false);
  measuring.allowed = true;
  await controller.until(() => !notes('one').includes('cpuPercentPerNode'));
  expect(agent.keepsBudgets).toBe(true);
});

test('without TLS no other machine is sent the token, whoever names it', async () => {
  const elsewhere = create(DesiredStateSchema, {
    revision: 1n,
    complete: true,
    aggregator: '192.0.2.1:7444',
  });
  controller.desired = elsewhere;
  const agent = start({ onlyLoopback: true });
  await controller.until(() => agent.linked);
  await controller.until(() => agent.delivery.message.includes('192.0.2.1:7444 is no loopback address'));
  want();
  await aggregator.until(() => aggregator.tokens.length > 0);
});

test('a replica that does not lead says who does', async () => {
  const other = new StandInController();
  await other.listen();
  try {
    other.redirect = controller.address;
    want(desired('one', opens('/nonexistent/one')));
    start({ controller: other.address });
    await controller.reportOf('one', 'Running');
    expect(other.hellos.length).toBeGreaterThan(0);
  } finally {
    other.close();
  }
});

test('a stream is sent fresh tokens', async () => {
  let count = 0;
  want();
  start({ token: () => `token-${++count}`, tokenMilliseconds: 10 });
  await controller.until(() => controller.tokens.length > 3);
  await aggregator.until(() => aggregator.tokens.length > 3);
  expect(new Set(controller.tokens).size).toBe(controller.tokens.length);
});

test('without an aggregator events wait, in memory and on disk, and arrive once each when it is back', async () => {
  want(desired('one', opens('/nonexistent/one')));
  const agent = start({ maxMemoryBytes: 2000 });
  await controller.reportOf('one', 'Running');
  openMissing('/nonexistent/one');
  await aggregator.until(() => storedRows('one') === 1n);
  const { port } = aggregator;
  // The last thing it did was not acked.
  aggregator.silent = true;
  openMissing('/nonexistent/one');
  await aggregator.until(() => storedRows('one') === 2n);
  aggregator.close();
  for (let round = 0; round < 50; round++) {
    openMissing('/nonexistent/one', 10);
    await agent.host.drain();
  }
  expect(agent.outbox.spoolBytes).toBeGreaterThan(1000);
  await controller.until(() => !controller.delivering);
  aggregator.silent = false;
  await aggregator.listen(port);
  await aggregator.until(() => storedRows('one') === 502n);
  expect(aggregator.duplicates).toBeGreaterThan(0);
  expect([...aggregator.stored.values()].every(({ gaps }) => gaps === 0n)).toBe(true);
  await close(agent);
  expect(onlyAccount('one')).toMatchObject({ delivered: 502n, lost: {}, final: true });
});

test('what could not be shipped before the agent ended is shipped first by the next one', async () => {
  want(desired('one', opens('/nonexistent/one')));
  const first = start();
  await controller.reportOf('one', 'Running');
  aggregator.close();
  openMissing('/nonexistent/one', 20);
  await close(first, 0);
  await aggregator.listen(aggregator.port);
  start();
  await aggregator.until(() => [...aggregator.accounts.values()].some(({ final }) => final));
  expect(storedRows('one')).toBe(20n);
  expect([...aggregator.accounts.values()].find(({ final }) => final)).toMatchObject({
    delivered: 20n,
    killed: false,
  });
});

test('beyond the bound of the spool the oldest events are dropped, and counted to the last one', async () => {
  want(desired('one', opens('/nonexistent/one')));
  const agent = start({ maxMemoryBytes: 1000, maxSpoolBytes: 20_000, segmentBytes: 4000 });
  await controller.reportOf('one', 'Running');
  await aggregator.until(() => aggregator.frames.length > 0);
  aggregator.close();
  for (let round = 0; round < 200; round++) {
    openMissing('/nonexistent/one', 10);
    await agent.host.drain();
  }
  expect(agent.outbox.lostRows).toBeGreaterThan(0n);
  expect(agent.outbox.spoolBytes).toBeLessThan(30_000);
  await aggregator.listen(aggregator.port);
  await close(agent);
  const account = onlyAccount('one');
  expect(account.captured).toBe(2000n);
  expect(Object.keys(account.lost)).toEqual(['spool']);
  expect(account.delivered).toBe(storedRows('one'));
  expect(account.delivered + (account.lost['spool'] ?? 0n)).toBe(2000n);
});

test('losses are reported while nobody takes events or accounts, those of the spool too', async () => {
  want(desired('one', opens('/nonexistent/one')));
  const agent = start({
    ...{ maxMemoryBytes: 1000, maxSpoolBytes: 4000, segmentBytes: 1000, losingMilliseconds: 20 },
  });
  await controller.reportOf('one', 'Running');
  await aggregator.until(() => aggregator.frames.length > 0);
  aggregator.close();
  while (agent.outbox.lostRows === 0n) {
    openMissing('/nonexistent/one', 10);
    await agent.host.drain();
  }
  await controller.until(() => (controller.reports.get('one')?.losing['spool'] ?? 0n) > 0n);
});

test('an aggregator that asks to wait is waited for', async () => {
  want(desired('one', opens('/nonexistent/one')));
  start();
  await controller.reportOf('one', 'Running');
  await controller.until(() => controller.delivering);
  let paused: number | undefined;
  // Of all frames only the first one with an event is answered so.
  aggregator.onFrame = ({ batches }) => {
    const pauses = paused === undefined && batches.some((batch) => decodeHead(batch).rows > 0);
    if (pauses) paused = performance.now();
    aggregator.pauseMs = pauses ? 100 : 0;
    return false;
  };
  openMissing('/nonexistent/one');
  await controller.until(() => !controller.delivering);
  openMissing('/nonexistent/one');
  await aggregator.until(() => storedRows('one') === 2n);
  // Timers may be a millisecond early.
  expect(performance.now() - (paused ?? 0)).toBeGreaterThan(98);
});

test('a frame that the aggregator will never take is counted as refused, and the next ones go on', async () => {
  want(desired('one', opens('/nonexistent/one')));
  const agent = start();
  await controller.reportOf('one', 'Running');
  let refused = 0n;
  aggregator.onFrame = (frame, call) => {
    if (frame.number !== 1n) return false;
    for (const batch of frame.batches) refused += BigInt(decodeHead(batch).rows);
    call.emit('error', { code: status.INVALID_ARGUMENT, details: 'batch 0 is no batch' });
    return true;
  };
  openMissing('/nonexistent/one', 2);
  await agent.host.drain();
  openMissing('/nonexistent/one', 3);
  await aggregator.until(() => storedRows('one') + refused === 5n);
  await close(agent);
  expect(refused).toBeGreaterThan(0n);
  expect(onlyAccount('one')).toMatchObject({ captured: 5n, delivered: 5n - refused, lost: { refused } });
});
