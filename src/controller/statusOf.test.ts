import { expect, test } from '@jest/globals';
import type { TraceProbe, TraceProbeStatus } from '../api/index.ts';
import type { NodeView } from './nodeView.ts';
import { probeRecord } from './probeRecord.ts';
import { notBegun, type Rollout } from './rollout.ts';
import { sameStatus, statusOf, type StatusInput } from './statusOf.ts';
import { created, testProbe, testView } from './testing/objects.ts';

const everywhere: Rollout = { ...notBegun, generation: 1, everywhere: true };

function status(nodes: NodeView[], input: Partial<StatusInput> = {}, object = testProbe()): TraceProbeStatus {
  const probe = probeRecord(object);
  return statusOf({ probe, stopped: undefined, rollout: everywhere, nodes, now: created, ...input });
}

/** Such as 'Ready=True/Running' */
function summary({ conditions = [] }: TraceProbeStatus): string[] {
  return conditions.map(({ type, status: value, reason }) => `${type}=${value}/${reason}`);
}

const written = (object: TraceProbe, before: TraceProbeStatus): TraceProbe => ({ ...object, status: before });

test('a probe that runs on every node is ready', () => {
  const result = status([testView('a'), testView('b')]);
  expect(result).toMatchObject({
    observedGeneration: 1,
    nodes: { desired: 2, running: 2, failed: 0, unsupported: 0, unreachable: 0 },
    failures: [],
  });
  expect(summary(result)).toEqual([
    'Accepted=True/Accepted',
    'Programmed=True/Programmed',
    'Delivering=True/Delivering',
    'Ready=True/Running',
  ]);
});

test('nodes that cannot run it or cannot be reached do not keep it from being ready; a failed one does', () => {
  const cannot = testView('b', { state: 'Unsupported', reason: 'NoKprobes', message: 'no kprobes' });
  const gone = testView('c', {}, { agent: 'Unreachable' });
  const partly = status([testView('a'), cannot, gone]);
  expect(partly.nodes).toEqual({ desired: 3, running: 1, failed: 0, unsupported: 1, unreachable: 1 });
  expect(summary(partly)).toContain('Ready=True/Running');
  const failed = status([testView('a'), testView('b', { state: 'Failed', reason: 'SymbolNotFound' })]);
  expect(summary(failed)).toContain('Ready=False/NodesFailed');
  expect(summary(failed)).toContain('Programmed=True/Programmed');
});

test('it is not ready while no node runs it: none selected, none connected, all cannot, all still to answer', () => {
  const ready = (nodes: NodeView[]) => summary(status(nodes))[3];
  expect(ready([])).toBe('Ready=False/NoNodes');
  expect(ready([testView('a', {}, { agent: 'Unreachable' })])).toBe('Ready=False/AgentsUnreachable');
  expect(ready([testView('a', { state: 'Unsupported' })])).toBe('Ready=False/Unsupported');
  expect(ready([testView('a', {}, { answer: undefined })])).toBe('Ready=False/Progressing');
  expect(ready([testView('a', { generation: 0 })])).toBe('Ready=False/Progressing');
});

test('alike failures are one group, the largest first, with a few nodes and a message of at most 1 KiB', () => {
  const failed = (name: string, message: string) =>
    testView(name, { state: 'Failed', reason: 'Bad', message });
  const many = Array.from({ length: 7 }, (_, index) => failed(`m${index}`, 'é'.repeat(1000)));
  const single = Array.from({ length: 12 }, (_, index) => failed(`s${index}`, `why ${index}`));
  const { failures = [] } = status([...single, ...many]);
  expect(failures).toHaveLength(10);
  expect(failures[0]).toMatchObject({ reason: 'Bad', count: 7, nodes: ['m0', 'm1', 'm2', 'm3', 'm4'] });
  const message = failures[0]?.message ?? '';
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1024);
  expect(message).toMatch(/^é+…$/);
});

test('a condition keeps the time of its last transition until its status changes', () => {
  const before = status([testView('a')]);
  const object = written(testProbe(), before);
  const later = { now: created + 60_000 };
  expect(sameStatus(before, status([testView('a')], later, object))).toBe(true);
  const broken = status([testView('a', { state: 'Failed' })], later, object);
  const times = Object.fromEntries((broken.conditions ?? []).map((c) => [c.type, c.lastTransitionTime]));
  expect(times).toMatchObject({ Accepted: '2026-01-01T00:00:00Z', Ready: '2026-01-01T00:01:00Z' });
});

test('Ready says how nodes run it: equal notes together, the most frequent first, in an order that stays', () => {
  const held = 'files: mode Hold, by fmod_ret';
  const views = [
    testView('c', { notes: ['files: mode Hold, by BPF LSM'] }),
    testView('b', { notes: [held] }),
    testView('a', { notes: [held] }),
    testView('d', { state: 'Unsupported', notes: ['nothing that runs says this'] }),
  ];
  const message = (nodes: NodeView[]) => status(nodes).conditions?.[3]?.message;
  expect(message(views)).toBe(
    `runs on 3 nodes; 1 node cannot; 2 nodes (a, b): ${held}; 1 node (c): files: mode Hold, by BPF LSM`,
  );
  expect(message(views.toReversed())).toBe(message(views));
});

test('of many different notes Ready has the first few, and says that there are more', () => {
  const views = Array.from({ length: 9 }, (_, n) => testView(`n${n}`, { notes: [`note ${n}`] }));
  const message = status(views).conditions?.[3]?.message;
  expect(message).toContain('1 node (n4): note 4; and 4 more notes');
  expect(message).not.toContain('note 5');
});

test('LosingEvents is there only while events are lost', () => {
  const losing = status([testView('a', { losing: ['ring'] }), testView('b', { losing: ['rate'] })]);
  expect(summary(losing)[4]).toBe('LosingEvents=True/EventsLost');
  expect(losing.conditions?.[4]?.message).toContain('by rate, ring');
});

test('events that nobody takes make it not delivering, with the words of a node', () => {
  const view = testView('a', {}, { delivering: false, deliveryMessage: 'the disk is full' });
  const { conditions } = status([view, testView('b')]);
  expect(conditions?.[2]).toMatchObject({ status: 'False', reason: 'NotDelivering' });
  expect(conditions?.[2]?.message).toContain('the disk is full');
});

test('a refused spec, a suspension and an expiry are told as such, with nodes that still run it', () => {
  const refused = testProbe({ points: [{ name: 'p', attach: 'nope' }] });
  expect(summary(status([testView('a')], {}, refused))).toEqual([
    'Accepted=False/Invalid',
    'Programmed=False/Invalid',
    'Delivering=False/Invalid',
    'Ready=False/Invalid',
  ]);
  const suspended = status([testView('a')], { stopped: 'Suspended' });
  expect(summary(suspended)[3]).toBe('Ready=False/Suspended');
  expect(suspended.conditions?.[3]?.message).toContain('1 node still to detach it');
  const expired = status([], { stopped: 'Expired' }, testProbe({ expireAfter: '10s' }));
  expect(expired.expirationTime).toBe('2026-01-01T00:00:10Z');
  expect(summary(expired)[3]).toBe('Ready=False/Expired');
});

test('a failed canary holds the rest and says where and why', () => {
  const failed = [{ node: 'a', kernelRelease: '6.1', reason: 'VerifierRefused', message: 'R1 invalid' }];
  const rollout: Rollout = { ...notBegun, generation: 1, canaries: new Map([['6.1', 'a']]), failed };
  const nodes = [testView('a', { state: 'Failed' }), testView('b', {}, { answer: undefined })];
  const { conditions } = status(nodes, { rollout });
  expect(conditions?.[3]).toMatchObject({ status: 'False', reason: 'CanaryFailed' });
  expect(conditions?.[3]?.message).toContain('a (6.1): VerifierRefused: R1 invalid');
});

test('a new leader makes nothing worse before it has heard of every node', () => {
  const before = status([testView('a'), testView('b'), testView('c', { state: 'Failed', reason: 'Bad' })]);
  const object = written(testProbe(), before);
  const unheard = (name: string) => testView(name, {}, { agent: 'Unheard', answer: undefined });
  const later = { now: created + 10_000 };
  expect(sameStatus(before, status([unheard('a'), unheard('b'), unheard('c')], later, object))).toBe(true);
  expect(sameStatus(before, status([testView('a'), unheard('b'), unheard('c')], later, object))).toBe(true);
  const all = status([testView('a'), testView('b', { state: 'Failed' }), testView('c')], later, object);
  expect(all.nodes).toMatchObject({ running: 2, failed: 1 });
});

test('a new generation is counted afresh even by a new leader', () => {
  const before = status([testView('a')]);
  const object = written(testProbe({}, { generation: 2 }), before);
  const next = status([testView('a', {}, { agent: 'Unheard' })], {}, object);
  expect(next).toMatchObject({ observedGeneration: 2, nodes: { running: 0, unreachable: 0 } });
});
