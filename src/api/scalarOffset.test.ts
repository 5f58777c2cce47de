import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { yamlDocuments } from './yamlDocuments.ts';

/** The source from where the character `offset` of the only value is said to stand. */
function sourceAt(content: string, offset: number): string {
  const [document] = yamlDocuments(content, 'a.yaml');
  const { line = 0, column = 0 } = document?.locate(['filter'], offset) ?? {};
  return (content.split('\n')[line - 1] ?? '').slice(column - 1);
}

const filter = 'comm == "x" && retval < 0';
const offset = filter.indexOf('retval');

test.each([
  ['plain', 'filter: comm == "x" && retval < 0', 'retval < 0'],
  ['plain over two lines', 'filter: comm == "x" &&\n  retval < 0', 'retval < 0'],
  ['single-quoted', `filter: 'comm == "x" && retval < 0'`, `retval < 0'`],
  ['double-quoted', 'filter: "comm == \\"x\\" \\u0026\\x26 retval < 0"', 'retval < 0"'],
  ['literal', 'filter: |-\n  comm == "x" && retval < 0', 'retval < 0'],
  ['literal after a blank line', 'filter: |\n\n    comm == "x" && retval < 0\n', 'retval < 0', 1],
  ['folded', 'filter: >-\n  comm == "x"\n  && retval < 0\n', 'retval < 0'],
  ['on one line with its key in a flow map', `{ filter: 'comm == "x" && retval < 0' }`, `retval < 0' }`],
])('an offset in a %s string is found', (_, content, expected, shift = 0) => {
  expect(sourceAt(content, offset + shift)).toBe(expected);
});

test('an offset that cannot be told is the start of the string', () => {
  expect(sourceAt('filter: >-\n  a\n\n  b < 0\n', 4)).toBe('>-');
});

test('the end of a string is a place in it', () => {
  expect(sourceAt(`filter: 'retval <' # less than`, 'retval <'.length)).toBe(`' # less than`);
});

test('in any one-line string, however quoted, a letter is found where it stands', () => {
  const style = fc.constantFrom('PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED');
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', '"', "'", '\\', '\t', 'é', '𝄞', '#', ':'),
    maxLength: 20,
  });
  fc.assert(
    fc.property(text, text, style, (before, after, defaultStringType) => {
      const value = `.${before}Z${after}.`;
      const content = stringify({ filter: value }, { defaultStringType, lineWidth: 0 });
      expect(sourceAt(content, value.indexOf('Z'))).toMatch(/^Z/);
    }),
  );
});
