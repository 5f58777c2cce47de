import { expect, test } from '@jest/globals';
import type { TraceProbeSpec } from '../api/index.ts';
import { desireOf, stopReason, type PlanContext } from './desireOf.ts';
import { probeRecord } from './probeRecord.ts';
import { notBegun, type Rollout } from './rollout.ts';
import { created, testNode, testProbe } from './testing/objects.ts';

const everywhere: Rollout = { ...notBegun, generation: 1, everywhere: true };
const context: PlanContext = { now: created + 1000, suspended: false };

function desire(
  spec: Partial<TraceProbeSpec>,
  node = testNode('a'),
  { rollout = everywhere, ...rest }: Partial<PlanContext> & { rollout?: Rollout } = {},
) {
  const probe = probeRecord(testProbe(spec));
  return desireOf(probe, node, rollout, { ...context, ...rest });
}

test('a probe runs on the nodes that its nodeSelector selects, and is no business of others', () => {
  const scope = { nodeSelector: { matchLabels: { zone: 'a' } } };
  expect(desire({ scope }, testNode('x', { zone: 'a' }))).toBe('Run');
  expect(desire({ scope }, testNode('x', { zone: 'b' }))).toBeUndefined();
});

test('a node that is switched off by label stops what it would run', () => {
  expect(desire({}, testNode('x', { 'traceprobe.io/disabled': '' }))).toBe('Stop');
  expect(desire({}, testNode('x', { 'traceprobe.io/disabled': 'false' }))).toBe('Run');
});

test('suspended, suspended cluster-wide and expired probes are stopped', () => {
  expect(desire({ suspend: true })).toBe('Stop');
  expect(desire({}, testNode('a'), { suspended: true })).toBe('Stop');
  expect(desire({ expireAfter: '10s' }, testNode('a'), { now: created + 10_000 })).toBe('Stop');
  expect(desire({ expireAfter: '10s' }, testNode('a'), { now: created + 9999 })).toBe('Run');
});

test('expired is what is told of a probe that is suspended as well', () => {
  const probe = probeRecord(testProbe({ suspend: true, expireAfter: '10s' }));
  expect(stopReason(probe, { now: created + 10_000, suspended: true })).toBe('Expired');
});

test('where the rollout has not come, and when the spec makes no sense, what runs is held', () => {
  expect(desire({}, testNode('a'), { rollout: notBegun })).toBe('Hold');
  const points = [{ name: 'p', attach: 'syscall/openat', filter: 'retval <' }];
  expect(desire({ points })).toBe('Hold');
});

test('a filter that is wrong on every kernel is refused with its column, what depends on the node is not', () => {
  const acceptance = (filter: string) =>
    probeRecord(testProbe({ points: [{ name: 'p', attach: 'syscall/openat', filter }] })).acceptance;
  expect(acceptance('pid == "one"')).toMatchObject({
    accepted: false,
    message: expect.stringMatching(/^spec\.points\[0\]\.filter, column \d+: /) as unknown,
  });
  expect(acceptance('retval < 0 && args.flags == "x"')).toMatchObject({ accepted: true });
  expect(acceptance('args.nothing == 1')).toMatchObject({ accepted: true });
});

test('a spec that the schema refuses is refused in its words', () => {
  const { acceptance } = probeRecord(testProbe({ points: [{ name: 'p', attach: 'nonsense' }] }));
  expect(acceptance).toMatchObject({
    accepted: false,
    message: expect.stringContaining('spec.points[0].attach') as unknown,
  });
});
