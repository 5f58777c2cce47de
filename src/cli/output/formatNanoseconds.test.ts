import { expect, test } from '@jest/globals';
import { formatNanoseconds } from './formatNanoseconds.ts';

test('durations have three digits and the unit that fits', () => {
  expect(formatNanoseconds(850)).toBe('850ns');
  expect(formatNanoseconds(12_340)).toBe('12.3µs');
  expect(formatNanoseconds(1_250_000)).toBe('1.25ms');
  expect(formatNanoseconds(612_000_000_000)).toBe('612s');
  expect(formatNanoseconds(0)).toBe('0ns');
});

test('durations beyond what a number holds exactly are durations all the same', () => {
  expect(formatNanoseconds(2n ** 62n)).toBe('4611686018s');
});
