import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { LeaderElector, type Leader } from '../../src/kubernetes/leaderElector.ts';
import type { LeaseObject } from '../../src/kubernetes/leaseRecord.ts';
import { CuttableProxy } from './simulated/cuttableProxy.ts';
import { until } from '../../src/testing/until.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';

const program = fileURLToPath(new URL('../../src/kubernetes/testing/leaseCandidate.ts', import.meta.url));
const namespace = 'default';
const leaseDurationMs = 3000;

interface Interval {
  identity: string;
  begin: number;
  end: number;
}

let cluster: ControlPlane;
let lease = '';
let leases = 0;
/** When who led, in milliseconds of the machine's monotonic clock, over all processes. */
let intervals: Interval[] = [];
const children = new Set<ChildProcess>();
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  cluster = await startControlPlane();
});
afterAll(() => cluster.close());
beforeEach(() => {
  leases += 1;
  lease = `lease-${leases}`;
  intervals = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const close of closers.splice(0)) await close();
});

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function begin(identity: string, at: number): Interval {
  const interval = { identity, begin: at, end: Infinity };
  intervals.push(interval);
  return interval;
}

interface Candidate {
  child: ChildProcess;
  said(event: string): Promise<number>;
}

/** A process that stands for election. */
async function candidate(identity: string): Promise<Candidate> {
  const child = spawn(process.execPath, [program, cluster.kubeconfigFile, namespace, lease, identity], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  let current: Interval | undefined;
  child.once('exit', () => {
    children.delete(child);
    if (current !== undefined) current.end = Math.min(current.end, now());
  });
  const lines = createInterface(child.stdout);
  const seen: { event: string; at: number }[] = [];
  lines.on('line', (line) => {
    const said = JSON.parse(line) as { event: string; at: number };
    seen.push(said);
    if (said.event === 'begin') current = begin(identity, said.at);
    if (said.event === 'end' && current !== undefined) current.end = said.at;
    lines.emit('said');
  });
  const said = async (event: string): Promise<number> => {
    for (;;) {
      const found = seen.find((each) => each.event === event);
      if (found !== undefined) return found.at;
      await once(lines, 'said');
    }
  };
  await said('ready');
  return { child, said };
}

function expectOneLeaderAtATime(): void {
  const ordered = intervals.toSorted((a, b) => a.begin - b.begin);
  for (const [index, next] of ordered.entries()) {
    const previous = ordered[index - 1];
    if (previous !== undefined) expect(previous.end).toBeLessThanOrEqual(next.begin);
  }
}

test('a holder that ends in good order hands over in less than 5 s, with its address replaced', async () => {
  const first = await candidate('first');
  await first.said('begin');
  const second = await candidate('second');
  const told = now();
  first.child.kill('SIGTERM');
  await once(first.child, 'exit');
  const took = (await second.said('begin')) - told;
  expect(took).toBeLessThan(5000);
  expect(took).toBeLessThan(leaseDurationMs); // it did not have to wait for the lease to run out
  expectOneLeaderAtATime();
  const api = new ApiClient(cluster.kubeConfig);
  const record = await api.get<LeaseObject>(
    `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${lease}`,
  );
  api[Symbol.dispose]();
  expect(record).toMatchObject({
    metadata: { annotations: { 'traceprobe.io/address': 'second.example:7443' } },
    spec: { holderIdentity: 'second', leaseDurationSeconds: 3 },
  });
});

test('a holder killed with -9 is followed when its lease has run out, not before', async () => {
  const first = await candidate('first');
  await first.said('begin');
  const second = await candidate('second');
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const killed = now();
  const took = (await second.said('begin')) - killed;
  expect(took).toBeGreaterThan(leaseDurationMs - 2000); // its last renewal is at most its deadline old
  expectOneLeaderAtATime();
});

test('a holder that was frozen past its lease knows at once that it leads no more', async () => {
  const first = await candidate('first');
  await first.said('begin');
  const second = await candidate('second');
  first.child.kill('SIGSTOP');
  await second.said('begin');
  first.child.kill('SIGUSR2'); // delivered as it wakes
  first.child.kill('SIGCONT');
  await first.said('follows');
  await first.said('end');
  second.child.kill('SIGUSR2');
  await second.said('leads');
});

test('never two leaders while networks are cut at every one in turn, and followers know the address', async () => {
  const leaders = new Map<string, Leader | undefined>();
  const electors = new Map<string, { elector: LeaderElector; proxy: CuttableProxy }>();
  for (const identity of ['a', 'b', 'c']) {
    const proxy = await CuttableProxy.start(Number(new URL(cluster.url).port));
    const api = new ApiClient(proxy.kubeConfigLike(cluster.kubeConfig));
    const elector = new LeaderElector({
      ...{ api, namespace, name: lease, identity, address: `${identity}:1`, leaseDurationMs },
      renewDeadlineMs: 2000,
      retryMs: 300,
      onNewLeader: (leader) => leaders.set(identity, leader),
      onStartedLeading(signal) {
        const interval = begin(identity, now());
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            interval.end = now();
            resolve();
          });
        });
      },
    });
    electors.set(identity, { elector, proxy });
    closers.push(async () => {
      await elector.stop();
      api[Symbol.dispose]();
      await proxy[Symbol.asyncDispose]();
    });
  }
  for (let round = 0; round < 4; round += 1) {
    await until(() => intervals.length > round);
    const { identity = '' } = intervals.at(-1) ?? {};
    const { proxy } = electors.get(identity) ?? {};
    if (round % 2 === 0) proxy?.close();
    else proxy?.stall();
    await until(() => intervals.length > round + 1 || round % 2 === 1);
    proxy?.open();
    if (round % 2 === 1) proxy?.close(); // a stalled holder may recover in time; a cut one does not
    await until(() => intervals.length > round + 1);
    proxy?.open();
  }
  const { identity = '' } = intervals.at(-1) ?? {};
  await until(() => [...leaders.values()].every((leader) => leader?.address === `${identity}:1`));
  expectOneLeaderAtATime();
});

test('an API server that is away for longer than the lease leaves nobody leading, and the lease is taken up again', async () => {
  const first = await candidate('first');
  await first.said('begin');
  await cluster.stopApiServer();
  await first.said('end');
  await cluster.startApiServer();
  await until(() => intervals.length >= 2);
  expectOneLeaderAtATime();
});
