import { expect, test } from '@jest/globals';
import type { ProbeState } from './nodeReport.ts';
import { advance, isOpen, notBegun, type RolloutNode } from './rollout.ts';

function nodes(count: number, kernelRelease = '6.1', prefix = 'n'): RolloutNode[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${prefix}${index}`,
    kernelRelease,
    connected: true,
  }));
}

function answered(node: RolloutNode, state: ProbeState): RolloutNode {
  return { ...node, answer: { state, reason: state, message: 'because' } };
}

const open = (rollout: ReturnType<typeof advance>, all: RolloutNode[]): string[] =>
  all.filter((node) => isOpen(rollout, node)).map(({ name }) => name);

test('Auto goes everywhere at once up to 20 nodes, and to one node of each kernel release first beyond', () => {
  expect(advance(notBegun, 1, 'Auto', nodes(20)).everywhere).toBe(true);
  const all = [...nodes(11, '6.1', 'a'), ...nodes(10, '6.12', 'b')];
  expect(open(advance(notBegun, 1, 'Auto', all), all)).toEqual(['a0', 'b0']);
  expect(advance(notBegun, 1, 'AllAtOnce', all).everywhere).toBe(true);
  expect(open(advance(notBegun, 1, 'Canary', nodes(2)), nodes(2))).toEqual(['n0']);
});

test('the other nodes of a kernel release follow when its canary runs, and stay when it stops', () => {
  const [first, ...rest] = nodes(3) as [RolloutNode, ...RolloutNode[]];
  const begun = advance(notBegun, 1, 'Canary', [first, ...rest]);
  const running = advance(begun, 1, 'Canary', [answered(first, 'Running'), ...rest]);
  expect(open(running, [first, ...rest])).toEqual(['n0', 'n1', 'n2']);
  expect(open(advance(running, 1, 'Canary', rest), rest)).toEqual(['n1', 'n2']);
});

test('a canary that fails holds its kernel release, not the others', () => {
  const a = nodes(2, '6.1', 'a');
  const b = nodes(2, '6.12', 'b');
  const begun = advance(notBegun, 1, 'Canary', [...a, ...b]);
  const answers = [...a, ...b].map((node) =>
    node.name === 'a0' ? answered(node, 'Failed') : node.name === 'b0' ? answered(node, 'Running') : node,
  );
  const next = advance(begun, 1, 'Canary', answers);
  expect(open(next, answers)).toEqual(['a0', 'b0', 'b1']);
  expect(next.failed).toEqual([{ node: 'a0', kernelRelease: '6.1', reason: 'Failed', message: 'because' }]);
});

test('a kernel that cannot run it is no reason to hold: its other nodes say the same', () => {
  const all = nodes(2).map((node, index) => (index === 0 ? answered(node, 'Unsupported') : node));
  expect(open(advance(notBegun, 1, 'Canary', all), all)).toEqual(['n0', 'n1']);
});

test('nodes that connect later do not take the place of the canary', () => {
  const all = nodes(3);
  const late = all.map((node, index) => ({ ...node, connected: index > 0 }));
  const begun = advance(notBegun, 1, 'Canary', late);
  expect([...begun.canaries.values()]).toEqual(['n1']);
  expect([...advance(begun, 1, 'Canary', all).canaries.values()]).toEqual(['n1']);
});

test('a canary that is gone before it answered holds its kernel release: its node may not have survived', () => {
  const all = nodes(3);
  const begun = advance(notBegun, 1, 'Canary', all);
  expect([...begun.canaries.values()]).toEqual(['n0']);
  const left = all.map((node, index) => ({ ...node, connected: index !== 0 }));
  const held = advance(begun, 1, 'Canary', left);
  expect(open(held, left)).toEqual(['n0']);
  expect(held.failed).toMatchObject([{ node: 'n0', reason: 'CanaryLost' }]);
  const back = advance(held, 1, 'Canary', all);
  expect(back.failed).toEqual([]);
  const deleted = left.slice(1);
  expect([...advance(held, 1, 'Canary', deleted).canaries.values()]).toEqual(['n1']);
});

test('a new leader finds a generation that runs somewhere and goes on; a new generation begins anew', () => {
  const all = nodes(30).map((node, index) => (index === 7 ? answered(node, 'Running') : node));
  const found = advance(notBegun, 1, 'Auto', all);
  expect(open(found, all)).toHaveLength(30);
  expect(open(advance(found, 2, 'Auto', nodes(30)), nodes(30))).toEqual(['n0']);
});
