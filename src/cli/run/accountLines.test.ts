import { expect, test } from '@jest/globals';
import type { Account } from '../../agent/account.ts';
import { accountLines } from './accountLines.ts';

const account: Account = {
  attempted: 2000n,
  filteredInKernel: 1500n,
  captured: 490n,
  open: 3n,
  filteredNatively: 40n,
  unattributed: 0n,
  delivered: 445n,
  lost: { ring: 4n, rate: 3n, backlog: 5n },
  missed: undefined,
};

test('both sums are written out, with every loss by its reason', () => {
  expect(accountLines('opens', account, { shown: 440n })).toEqual([
    'opens:',
    '  attempted 2,000 = 1,500 filtered in the kernel + 490 captured + 4 lost (ring buffer full) + ' +
      '3 lost (over limits.eventsPerSecondPerNode) + 3 open (no return yet)',
    '  captured  490 = 440 shown + 40 filtered after capture + 5 lost (reader too slow) + 5 not shown',
    '  missed    unknown: this kernel does not count what it skips here',
  ]);
});

test('with a store, what became of events is whether they are stored; what was shown of them stands beside', () => {
  const lines = accountLines('opens', account, { stored: 443n, shown: 440n });
  expect(lines.slice(2, 4)).toEqual([
    '  captured  490 = 443 stored + 40 filtered after capture + 5 lost (reader too slow) + 2 not stored',
    '  shown     440',
  ]);
  expect(accountLines('opens', account, { stored: 445n })).toHaveLength(4);
});

test('what there was none of is left out', () => {
  const quiet: Account = {
    ...account,
    ...{
      attempted: 1n,
      filteredInKernel: 0n,
      captured: 1n,
      open: 0n,
      filteredNatively: 0n,
      delivered: 1n,
      unattributed: 0n,
    },
    ...{ lost: {}, missed: 0n },
  };
  expect(accountLines('quiet', quiet, { shown: 1n })).toEqual([
    'quiet:',
    '  attempted 1 = 1 captured',
    '  captured  1 = 1 shown',
    '  missed    0',
  ]);
});

test('a sum that is not right is owned up to', () => {
  const lines = accountLines('broken', { ...account, attempted: 2002n, captured: 491n }, { shown: 440n });
  expect(lines.slice(4)).toEqual([
    '  1 of those attempted are unaccounted for: this is a fault of TraceProbe',
    '  1 of those captured are unaccounted for: this is a fault of TraceProbe',
  ]);
});
