import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { KindCluster } from './kindCluster.ts';
import { Pods } from './pods.ts';
import { Probes } from './probes.ts';

const cluster = KindCluster.running();
const probes = new Probes(cluster);
let pods: Pods;

beforeAll(async () => {
  pods = await Pods.in(cluster, 'lifecycle');
});
afterAll(async () => {
  await pods[Symbol.asyncDispose]();
});

const filenames = async (probe: string): Promise<string[]> =>
  (await probes.events(probe)).map(({ filename }) => filename);

test('a probe that is changed captures by its new filter, and keeps what it had', async () => {
  await probes.runOpens('changing', '/tmp/before');
  await pods.run('before', 'cat /tmp/before/1');
  await probes.atLeast(1, 'changing');
  await probes.runOpens('changing', '/tmp/after');
  await pods.run('after', 'cat /tmp/before/2; cat /tmp/after/1');
  await probes.atLeast(2, 'changing');
  expect(await filenames('changing')).toEqual(['/tmp/before/1', '/tmp/after/1']);
  await probes.delete('changing');
});

test('a probe that is suspended captures nothing, and goes on when it is resumed', async () => {
  await probes.runOpens('pausing', '/tmp/pausing');
  expect(await cluster.traceprobe(['suspend', 'pausing'])).toMatchObject({ code: 0 });
  await probes.untilReason('pausing', 'Suspended');
  await pods.run('unseen', 'cat /tmp/pausing/unseen');
  expect(await cluster.traceprobe(['resume', 'pausing'])).toMatchObject({ code: 0 });
  await probes.untilReason('pausing', 'Running');
  await pods.run('seen', 'cat /tmp/pausing/seen');
  await probes.atLeast(1, 'pausing');
  expect(await filenames('pausing')).toEqual(['/tmp/pausing/seen']);
  await probes.delete('pausing');
});

test('a probe that expires ends by itself and says so', async () => {
  const point = { name: 'exec', attach: 'tracepoint/sched/sched_process_exec' };
  await probes.run('expiring', { points: [point], expireAfter: '10s' });
  await probes.untilReason('expiring', 'Expired');
  await probes.until('expiring', '{.status.nodes.running}', '0');
  await probes.delete('expiring');
});

test('a probe that is deleted is gone, and one of its name later has none of its events', async () => {
  await probes.runOpens('again', '/tmp/again');
  await pods.run('first', 'cat /tmp/again/first');
  await probes.atLeast(1, 'again');
  await probes.delete('again');
  await probes.runOpens('again', '/tmp/again');
  await pods.run('second', 'cat /tmp/again/second');
  await probes.atLeast(1, 'again');
  expect(await filenames('again')).toEqual(['/tmp/again/second']);
  await probes.delete('again');
});
