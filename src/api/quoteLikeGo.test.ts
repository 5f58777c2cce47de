import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { quoteLikeGo } from './quoteLikeGo.ts';

test.each([
  ['plain text, ünïcode', '"plain text, ünïcode"'],
  ['"quoted" \\', '"\\"quoted\\" \\\\"'],
  ['\u0007\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
  ['\0\u001b\u007f', '"\\x00\\x1b\\x7f"'],
  ['\u00a0\u200b\u2028', '"\\u00a0\\u200b\\u2028"'],
  ['\u{1f600}\u{e0001}', '"\u{1f600}\\U000e0001"'],
])('%j is quoted as Go does', (text, expected) => {
  expect(quoteLikeGo(text)).toBe(expected);
});

test('no control character survives', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(quoteLikeGo(text)).not.toMatch(/\p{C}/u);
    }),
  );
});
