import { expect, test } from '@jest/globals';
import { loadAddon } from '../../native/loadAddon.ts';
import type { FilterNode } from '../plan.ts';
import { MAX_STACK, nativeFilter, stackDepth } from './nativeFilter.ts';
import type { Term } from './term.ts';

const codec = loadAddon('codec') as { evaluateFilter: (nodes: unknown, rows: unknown[][]) => boolean[] };
const builtins = Array<undefined>(11).fill(undefined);

/** Whether each of the cells, as the only column of a row, is let through. */
function evaluate(nodes: FilterNode[], cells: unknown[]): boolean[] {
  return codec.evaluateFilter(
    nodes,
    cells.map((cell) => [cell, ...builtins]),
  );
}

test('no nodes let everything through', () => {
  expect(evaluate([], [1n, undefined])).toEqual([true, true]);
});

test('integers compare as the numbers they are, whatever their sign', () => {
  const above = (value: bigint): FilterNode[] => [
    { op: 'column', index: 0 },
    { op: 'integer', value },
    { op: 'gt' },
  ];
  expect(evaluate(above(-1n), [0n, 2n ** 64n - 1n, -1n, -2n, undefined])).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(evaluate(above(2n ** 63n), [-1n, 2n ** 63n, 2n ** 64n - 1n])).toEqual([false, false, true]);
});

test('what leaves 64 bits or divides by zero makes its comparison false, not what is around it', () => {
  const quotient = (op: 'mul' | 'div' | 'mod', value: bigint): FilterNode[] => [
    { op: 'integer', value },
    { op: 'column', index: 0 },
    { op },
    { op: 'integer', value: 0n },
    { op: 'eq' },
    { op: 'not' },
  ];
  expect(evaluate(quotient('div', 0n), [0n, 1n])).toEqual([true, false]);
  expect(evaluate(quotient('mod', 0n), [0n, 1n])).toEqual([true, false]);
  expect(evaluate(quotient('mul', 2n ** 63n), [0n, 2n ** 64n - 1n, -(2n ** 63n)])).toEqual([
    false,
    true,
    true,
  ]);
});

test('a chain as long as a filter can be does not need more values than there are', () => {
  const flag: Term = {
    kind: 'operand',
    type: 'bool',
    operand: { key: 'ok', type: 'Bool', kernel: true, maxBytes: 0, cut: false, available: 'entry' },
  };
  let chain: Term = flag;
  for (let length = 1; length < 1000; length += 1)
    chain = { kind: 'and', type: 'bool', left: chain, right: flag };
  expect(stackDepth(chain)).toBeLessThan(MAX_STACK);
  const nodes = nativeFilter([chain, chain], () => 0);
  expect(evaluate(nodes, [true, false, undefined])).toEqual([true, false, false]);
});

test.each<[string, unknown, RegExp]>([
  ['no array', {}, /must be an array of nodes/],
  ['a node that is none', [3], /node 0: must be an object/],
  ['an unknown op', [{ op: 'xor' }], /node 0: there is no op 'xor'/],
  [
    'an op without operands',
    [{ op: 'bool', value: true }, { op: 'eq' }],
    /a node of the filter lacks operands/,
  ],
  [
    'a value too many',
    [
      { op: 'bool', value: true },
      { op: 'bool', value: true },
    ],
    /leaves more than one value/,
  ],
  [
    'an integer beyond 64 bits',
    [{ op: 'integer', value: 2n ** 64n }],
    /node 0: value must be a bigint from -2\^63/,
  ],
  [
    'an integer below them',
    [{ op: 'integer', value: -(2n ** 63n) - 1n }],
    /node 0: value must be a bigint from -2\^63/,
  ],
  ['a number for an integer', [{ op: 'integer', value: 3 }], /node 0: value must be a bigint/],
  ['a text for bytes', [{ op: 'string', value: 'x' }], /node 0: value must be a Uint8Array/],
  ['an unknown builtin', [{ op: 'builtin', name: 'cpu' }], /node 0: there is no builtin 'cpu'/],
  ['a negative column', [{ op: 'column', index: -1 }], /node 0: index must be that of a column/],
  [
    'a list of nothing known',
    [
      { op: 'column', index: 0 },
      { op: 'in', values: ['x'] },
    ],
    /node 1: values must be/,
  ],
  [
    'a pattern that RE2 refuses',
    [
      { op: 'column', index: 0 },
      { op: 'matches', pattern: '(a' },
    ],
    /matches\("\(a"\): missing/,
  ],
  [
    'more values at a time than there is room for',
    [...Array<unknown>(33).fill({ op: 'bool', value: true }), ...Array<unknown>(32).fill({ op: 'and' })],
    /nested too deeply/,
  ],
])('%s is refused', (_what, nodes, message) => {
  expect(() => codec.evaluateFilter(nodes, [])).toThrow(
    expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(message) }),
  );
});
