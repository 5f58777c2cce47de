import { beforeEach, expect, test } from '@jest/globals';
import { accountOf, type Account } from './account.ts';
import { Ledger } from './ledger.ts';

const live = new Map<string, Account>();

beforeEach(() => {
  live.clear();
});

/** Of a run with so many hits, all delivered. */
function accountWith(hits: bigint): Account {
  const nothing = {
    filtered: 0n,
    lostRing: 0n,
    lostShare: 0n,
    lostRate: 0n,
    lostNesting: 0n,
    lostUnpaired: 0n,
  };
  const kernel = { ...nothing, attempted: hits, captured: hits, opened: 0n, closed: 0n };
  return accountOf(kernel, { delivered: hits, filtered: 0n, backlog: 0n, malformed: 0n }, undefined);
}

function end(ledger: Ledger, uid: string, hits: bigint): bigint {
  live.delete(uid);
  ledger.stopped(uid, accountWith(hits));
  return ledger.final(uid).captured;
}

test('a probe that comes back adds to what it had counted', () => {
  const ledger = new Ledger(Buffer.alloc(16), () => live);
  expect(end(ledger, 'one', 3n)).toBe(3n);
  expect(ledger.unfinished).toEqual([]);
  live.set('one', accountWith(2n));
  expect(ledger.changed(false)).toMatchObject([{ probeUid: 'one', captured: 5n, final: false }]);
  expect(ledger.unfinished).toEqual(['one']);
  expect(end(ledger, 'one', 4n)).toBe(7n);
});

test('of probes that ended the last hundreds are remembered, and those that run or are to be told of always', () => {
  const ledger = new Ledger(Buffer.alloc(16), () => live);
  ledger.stopped('stopped', accountWith(1n));
  live.set('running', accountWith(1n));
  const ended = Array.from({ length: 1000 }, (_, index) => `ended-${index}`);
  for (const uid of ended) end(ledger, uid, 1n);
  const known = [...ledger.accounts().keys()];
  expect(known.slice(0, 1)).toEqual(['stopped']);
  expect(known).toContain('running');
  expect(known.length).toBeLessThan(300);
  expect(known.filter((uid) => ended.includes(uid))).toEqual(ended.slice(-(known.length - 2)));
});
