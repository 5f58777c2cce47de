import { expect, test } from '@jest/globals';
import { agentNodeSelector } from './agentNodeSelector.ts';

test('a selector of nodes is labels and their values', () => {
  expect(agentNodeSelector('')).toEqual({});
  expect(agentNodeSelector('kubernetes.io/os=linux,pool=')).toEqual({
    'kubernetes.io/os': 'linux',
    pool: '',
  });
});

test.each(['pool', 'pool!=a', '=a', 'a=b,'])('%s is refused in words', (text) => {
  expect(() => agentNodeSelector(text)).toThrow('is not LABEL=VALUE');
});
