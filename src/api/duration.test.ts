import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { durationToMilliseconds, durationToNanoseconds, formatDuration } from './duration.ts';

test.each([
  ['0s', 0n],
  ['1ms', 1_000_000n],
  ['90s', 90_000_000_000n],
  ['1h30m', 5_400_000_000_000n],
  ['1m1ms', 60_001_000_000n],
  ['99999h', 359_996_400_000_000_000n],
])('%s is %i ns', (text, nanoseconds) => {
  expect(durationToNanoseconds(text)).toBe(nanoseconds);
});

test.each(['', '1', 's', '1.5s', '-1s', '1 s', '1d', '100000s', '1s1s1s1s1s', '1s\n'])(
  '%j is refused',
  (text) => {
    expect(() => durationToNanoseconds(text)).toThrow(
      `${JSON.stringify(text)} is no duration: write a number`,
    );
  },
);

test('a formatted duration reads back as the same number', () => {
  const milliseconds = fc.integer({ min: 0, max: 99_999 * 3_600_000 });
  fc.assert(
    fc.property(milliseconds, (value) => {
      expect(durationToMilliseconds(formatDuration(value))).toBe(value);
    }),
  );
});

test('a formatted duration is short', () => {
  expect([0, 1, 1000, 60_000, 5_400_000, 90_061_001].map(formatDuration)).toEqual([
    ...['0s', '1ms', '1s', '1m', '1h30m', '25h1m1s1ms'],
  ]);
});
