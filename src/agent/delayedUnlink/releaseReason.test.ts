import { expect, test } from '@jest/globals';
import { releaseReason } from './releaseReason.ts';

const limits = { maxDelayMilliseconds: 1000, diskLow: false };

test.each([
  ['unread files wait', { size: 10n, read: 4n, ageMilliseconds: 999 }, limits, undefined],
  [
    'files of which nothing is noted wait',
    { size: 10n, read: undefined, ageMilliseconds: 999 },
    limits,
    undefined,
  ],
  ['what has been read to its end goes', { size: 10n, read: 10n, ageMilliseconds: 0 }, limits, 'Read'],
  [
    'a note of more than there is is of another file',
    { size: 10n, read: 11n, ageMilliseconds: 0 },
    limits,
    undefined,
  ],
  [
    'in an empty file there is nothing to read',
    { size: 0n, read: undefined, ageMilliseconds: 0 },
    limits,
    'Read',
  ],
  ['time passes', { size: 10n, read: undefined, ageMilliseconds: 1000 }, limits, 'MaxDelay'],
  ['disks fill', { size: 10n, read: 4n, ageMilliseconds: 0 }, { ...limits, diskLow: true }, 'DiskLow'],
  [
    'probes go',
    { size: 10n, read: 4n, ageMilliseconds: 0 },
    { ...limits, maxDelayMilliseconds: undefined },
    'ProbeGone',
  ],
] as const)('%s', (_, state, given, reason) => {
  expect(releaseReason(state, given)).toBe(reason);
});
