import { expect, test } from '@jest/globals';
import type { LabelSelector } from './gen/traceProbe.ts';
import { labelSelectorMatches } from './labelSelector.ts';

const labels = { app: 'web', tier: 'front', empty: '' };
const expression = (
  key: string,
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist',
  values?: string[],
): LabelSelector => ({ matchExpressions: [{ key, operator, ...(values && { values }) }] });

test.each<[string, LabelSelector | undefined, boolean]>([
  ['no selector selects everything', undefined, true],
  ['an empty selector selects everything', {}, true],
  ['empty requirements select everything', { matchLabels: {}, matchExpressions: [] }, true],
  ['a label has the value', { matchLabels: { app: 'web' } }, true],
  ['a label has another value', { matchLabels: { app: 'db' } }, false],
  ['one of two labels has another value', { matchLabels: { app: 'web', tier: 'back' } }, false],
  ['a label is missing', { matchLabels: { release: '' } }, false],
  ['an empty value is a value', { matchLabels: { empty: '' } }, true],
  ['what every object inherits is no label', { matchLabels: { constructor: 'x' } }, false],
  ['In has the value', expression('app', 'In', ['db', 'web']), true],
  ['In has not the value', expression('app', 'In', ['db']), false],
  ['In of a missing label', expression('release', 'In', ['']), false],
  ['NotIn has the value', expression('app', 'NotIn', ['db', 'web']), false],
  ['NotIn has not the value', expression('app', 'NotIn', ['db']), true],
  ['NotIn of a missing label', expression('release', 'NotIn', ['1']), true],
  ['Exists', expression('empty', 'Exists'), true],
  ['Exists of a missing label', expression('release', 'Exists'), false],
  ['Exists of what every object inherits', expression('toString', 'Exists'), false],
  ['DoesNotExist', expression('release', 'DoesNotExist'), true],
  ['DoesNotExist of a label that there is', expression('app', 'DoesNotExist'), false],
  [
    'labels hold, an expression does not',
    { matchLabels: { app: 'web' }, ...expression('tier', 'DoesNotExist') },
    false,
  ],
])('%s', (_, selector, selected) => {
  expect(labelSelectorMatches(selector, labels)).toBe(selected);
});
