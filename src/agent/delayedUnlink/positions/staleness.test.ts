import { expect, test } from '@jest/globals';
import { matchPositions } from './matchPositions.ts';
import { staleness } from './staleness.ts';

const writtenAt = 1_000_000;
const positions = matchPositions([], writtenAt);
const messageAt = (unreadSince: number, now: number): string | undefined =>
  staleness(positions, '/var/log/a.pos', unreadSince, now)?.message;

test('notes are stale when there has been something to read for long, and nothing was noted since', () => {
  expect(messageAt(writtenAt + 5_000, writtenAt + 65_000)).toBe(
    'cannot go by the positions in /var/log/a.pos: there has been something to read for more than 30 s, and nothing was noted since: ' +
      'see whether the shipper runs and reads these files, and whether this is where it notes them',
  );
});

test('they are not while a shipper may still be about to note, nor when it has noted something since', () => {
  expect(messageAt(writtenAt + 5_000, writtenAt + 34_000)).toBeUndefined();
  expect(messageAt(writtenAt - 1, writtenAt + 1e9)).toBeUndefined();
});
