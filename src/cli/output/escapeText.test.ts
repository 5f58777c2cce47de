import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { escapeText, quoteText } from './escapeText.ts';

// eslint-disable-next-line no-control-regex -- this is about control characters
const obeyed = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

test('escape sequences, line ends and NUL become visible', () => {
  expect(escapeText('a\x1b[31mred\x1b[0m\nb\r\tc\0')).toBe('a\\x1b[31mred\\x1b[0m\\nb\\r\\tc\\x00');
});

test('C1 controls, which some terminals obey like escape sequences, become visible', () => {
  expect(escapeText('\x9b31m')).toBe('\\x9b31m');
});

test('what turns the writing direction around becomes visible', () => {
  expect(escapeText('gpj.\u202eexe')).toBe('gpj.\\u{202e}exe');
});

test('letters of every script stay as they are', () => {
  expect(escapeText('naïve 日本語 🐧')).toBe('naïve 日本語 🐧');
});

test('nothing that a terminal obeys comes through, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(escapeText(text)).not.toMatch(obeyed);
      expect(quoteText(text)).not.toMatch(obeyed);
    }),
  );
});

test('quoted text is JSON of the same value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(JSON.parse(quoteText(text))).toBe(text);
    }),
  );
});
