import { expect, test } from '@jest/globals';
import { celDuration } from './celDuration.ts';

test.each([
  ['1ms', 1_000_000n],
  ['1h30m', 5_400_000_000_000n],
  ['1.5s', 1_500_000_000n],
  ['0.001us', 1n],
  ['2m3s4ms5us6ns', 123_004_005_006n],
  ['-1s', -1_000_000_000n],
  ['0', 0n],
])('%s is %d ns', (text, nanoseconds) => {
  expect(celDuration(text)).toBe(nanoseconds);
});

test.each(['', '1', '1 s', 's', '1d', '0.5ns', '1e3s', '300000000h'])('%j is no duration', (text) => {
  expect(celDuration(text)).toBeUndefined();
});
