import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cutToWidth, displayWidth } from './displayWidth.ts';

test('wide characters take two columns, combining ones none', () => {
  expect(displayWidth('abc')).toBe(3);
  expect(displayWidth('日本')).toBe(4);
  expect(displayWidth('e\u0301')).toBe(1);
  expect(displayWidth('🐧')).toBe(2);
});

test('a text that fits stays whole', () => {
  expect(cutToWidth('/etc/passwd', 11)).toBe('/etc/passwd');
});

test('a text that is too long ends in an ellipsis', () => {
  expect(cutToWidth('/etc/passwd', 6)).toBe('/etc/…');
  expect(cutToWidth('日本語', 4)).toBe('日…');
});

test('what is cut never takes more columns than there are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, columns) => {
      expect(displayWidth(cutToWidth(text, columns))).toBeLessThanOrEqual(columns);
    }),
  );
});
