import { expect, test } from '@jest/globals';
import { nearestName } from './nearestName.ts';

const names = ['scope', 'points', 'suspend', 'filter', 'expireAfter'];

test.each([
  ['scop', 'scope'],
  ['scoep', 'scope'],
  ['point', 'points'],
  ['Filters', 'filter'],
  ['expireafter', 'expireAfter'],
  ['zzz', undefined],
  ['', undefined],
])('%j is nearest to %j', (name, nearest) => {
  expect(nearestName(name, names)).toBe(nearest);
});

test('of two names the nearer is taken, of equally near ones the first', () => {
  expect(nearestName('open', ['opens', 'open2', 'openat'])).toBe('opens');
  expect(nearestName('opemat', ['opens', 'openat'])).toBe('openat');
});
