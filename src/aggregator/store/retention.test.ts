import { expect, test } from '@jest/globals';
import { dropsOf, isFull, type RetainedProbe } from './retention.ts';

const limits = { maxBytes: 1000, deletedGraceMs: 10 };
const now = 1000;

function probe(uid: string, changes: Partial<RetainedProbe> = {}): RetainedProbe {
  const slices = [1, 2, 3].map((slice) => ({
    slice,
    opened: slice * 100,
    closed: slice * 100 + 99,
    bytes: 100,
  }));
  return { uid, maxAgeMs: 10_000, maxBytes: 0, deleted: undefined, slices, ...changes };
}

test('what is within every limit stays', () => {
  expect(dropsOf([probe('a'), probe('b')], 600, limits, now)).toEqual([]);
});

test('a slice goes when its last event is older than the maximum age', () => {
  const drops = dropsOf([probe('a', { maxAgeMs: 701 })], 300, limits, now);
  expect(drops).toEqual([
    { probeUid: 'a', slice: 1, reason: 'age' },
    { probeUid: 'a', slice: 2, reason: 'age' },
  ]);
});

test('the oldest slices of a probe go until it is within its own limit', () => {
  expect(dropsOf([probe('a', { maxBytes: 150 }), probe('b')], 600, limits, now)).toEqual([
    { probeUid: 'a', slice: 1, reason: 'probe_bytes' },
    { probeUid: 'a', slice: 2, reason: 'probe_bytes' },
  ]);
});

test('the oldest slices of all go until the file is within its limit', () => {
  expect(dropsOf([probe('a'), probe('b')], 1150, limits, now)).toEqual([
    { probeUid: 'a', slice: 1, reason: 'total_bytes' },
    { probeUid: 'b', slice: 1, reason: 'total_bytes' },
  ]);
});

test('a deleted probe goes after its grace', () => {
  expect(dropsOf([probe('a', { deleted: 991 })], 300, limits, now)).toEqual([]);
  expect(dropsOf([probe('a', { deleted: 990 })], 300, limits, now).map(({ reason }) => reason)).toEqual([
    'deleted',
    'deleted',
    'deleted',
  ]);
});

test('a slice that rows are added to never goes', () => {
  const slices = [{ slice: 1, opened: 0, closed: undefined, bytes: 5000 }];
  expect(dropsOf([probe('a', { slices, maxAgeMs: 1, maxBytes: 1 })], 5000, limits, now)).toEqual([]);
});

test('a slice is full after a twelfth of the age or of the bytes', () => {
  const slice = { slice: 1, opened: 0, closed: undefined, bytes: 80 };
  expect(isFull(probe('a', { maxAgeMs: 60_000 }), slice, limits, 4999)).toBe(false);
  expect(isFull(probe('a', { maxAgeMs: 60_000 }), slice, limits, 5000)).toBe(true);
  expect(isFull(probe('a', { maxBytes: 12 * 80 }), slice, limits, 1)).toBe(true);
  expect(isFull(probe('a'), { ...slice, bytes: 84 }, limits, 1)).toBe(true);
});
