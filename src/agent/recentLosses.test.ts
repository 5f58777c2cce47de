import { expect, test } from '@jest/globals';
import { RecentLosses } from './recentLosses.ts';

test('what was lost within the last minute is told by reason, and then no more', () => {
  let seconds = 0;
  const losses = new RecentLosses(() => seconds * 1000);
  const sampleAt = (at: number, lost: Record<string, bigint>): Record<string, bigint> => {
    seconds = at;
    losses.sample(new Map([['one', lost]]));
    return losses.of('one');
  };
  expect(losses.of('one')).toEqual({});
  expect(sampleAt(0, { ring: 3n })).toEqual({ ring: 3n });
  expect(sampleAt(30, { ring: 3n, spool: 5n })).toEqual({ ring: 3n, spool: 5n });
  expect(sampleAt(61, { ring: 3n, spool: 7n })).toEqual({ spool: 7n });
  expect(sampleAt(95, { ring: 3n, spool: 7n })).toEqual({ spool: 2n });
  expect(sampleAt(130, { ring: 3n, spool: 7n })).toEqual({});
});

test('a probe that has gone is forgotten, and one that comes back begins anew', () => {
  const losses = new RecentLosses(() => 0);
  losses.sample(new Map([['one', { ring: 3n }]]));
  losses.sample(new Map());
  expect(losses.of('one')).toEqual({});
  losses.sample(new Map([['one', { ring: 1n }]]));
  expect(losses.of('one')).toEqual({ ring: 1n });
});
