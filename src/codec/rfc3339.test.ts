import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatRfc3339 } from './rfc3339.ts';

test('nanoseconds keep all nine digits', () => {
  expect(formatRfc3339(1_795_260_514_012_345_678n)).toBe('2026-11-21T11:28:34.012345678Z');
  expect(formatRfc3339(0n)).toBe('1970-01-01T00:00:00.000000000Z');
  expect(formatRfc3339(1n)).toBe('1970-01-01T00:00:00.000000001Z');
});

test('a time before 1970 counts its fraction forwards', () => {
  expect(formatRfc3339(-1n)).toBe('1969-12-31T23:59:59.999999999Z');
});

test('its millisecond prefix is what Date says', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 253_402_300_799_999_999_999n), (time) => {
      const text = formatRfc3339(time);
      expect(text).toHaveLength(30);
      expect(`${text.slice(0, 23)}Z`).toBe(new Date(Number(time / 1_000_000n)).toISOString());
      expect(BigInt(text.slice(20, 29))).toBe(time % 1_000_000_000n);
    }),
  );
});

test('years that RFC 3339 cannot write are refused', () => {
  expect(() => formatRfc3339(253_402_300_800_000_000_000n)).toThrow(/outside the years 0 to 9999/);
  expect(() => formatRfc3339(-62_167_219_200_000_000_001n)).toThrow(RangeError);
});
