import { expect, test } from '@jest/globals';
import { describeValue } from './describeValue.ts';

test.each([
  ['seven', '"seven"'],
  ['a\u001b[31m"b"', '"a\\u001b[31m\\"b\\""'],
  [undefined, 'undefined'],
  [7n, '7n'],
  [{ a: { b: 1 } }, '{ a: [Object] }'],
])('%p is shown as %s', (value, text) => {
  expect(describeValue(value)).toBe(text);
});

test('a long value is cut', () => {
  expect(describeValue('x'.repeat(100))).toBe(`"${'x'.repeat(63)}…`);
});
