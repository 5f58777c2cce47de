import { expect, test } from '@jest/globals';
import { mayHaveAgent } from './nodeRecord.ts';

test.each([
  ['a node that says nothing', {}, {}, true],
  ['Windows', { 'kubernetes.io/os': 'windows' }, {}, false],
  ['a node with the labels', { 'kubernetes.io/os': 'linux', pool: 'a' }, { pool: 'a' }, true],
  ['a node with another value', { pool: 'b' }, { pool: 'a' }, false],
  ['a node without the label', {}, { pool: 'a' }, false],
])('agents run where the chart places them: %s', (_, labels, selector, expected) => {
  expect(mayHaveAgent(labels, selector)).toBe(expected);
});
