import { expect, test } from '@jest/globals';
import { inlineProbe } from './inlineProbe.ts';
import { requiredFeatures } from './planFeatures.ts';

const { spec } = inlineProbe({ attach: 'syscall/openat' }).probe;

test('a plain point needs points alone; which nodes is nothing that an agent must know', () => {
  const scope = { nodeSelector: { matchLabels: { zone: 'a' } } };
  expect(requiredFeatures({ ...spec, scope })).toEqual(['points']);
});

test('whatever narrows or changes what is captured is a feature', () => {
  const points = [
    { name: 'a', attach: 'uretprobe/malloc', filter: 'pid > 1' },
    { name: 'b', attach: 'usdt/libc:setjmp' },
  ];
  expect(requiredFeatures({ ...spec, points, scope: { namespaces: ['shop'] } })).toEqual([
    'points',
    'filter',
    'scope',
    'uprobe',
    'usdt',
  ]);
});
