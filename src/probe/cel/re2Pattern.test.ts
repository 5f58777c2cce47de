import { expect, test } from '@jest/globals';
import { loadAddon } from '../../native/loadAddon.ts';
import { PatternError, re2Pattern } from './re2Pattern.ts';

const codec = loadAddon('codec') as { evaluateFilter: (nodes: unknown, rows: unknown[][]) => boolean[] };

const texts = [
  ...[
    '',
    'a',
    'A',
    'aa',
    'aab',
    'b',
    'ab',
    'ABC',
    'a1',
    '-',
    '_',
    ']',
    '[a]',
    '{',
    'a{,2}',
    'a.b',
    'a\nb',
    '\n',
    '\r',
    ' ',
    '\v',
  ],
  ...[
    '/etc/passwd',
    '/etc/shadow',
    'kworker/0:1',
    'é',
    'É',
    'ß',
    'λ',
    'Λ',
    '😀',
    '^',
    '$',
    '\\',
    'x\ty',
    '\u0000',
    '0',
    '12',
    '123',
  ],
].map((text) => Buffer.from(text));

/** What RE2 itself says: whether it takes the expression, and which of the texts match. */
function native(pattern: string): boolean[] | 'refused' {
  const builtins = Array<undefined>(11).fill(undefined);
  const nodes = [
    { op: 'column', index: 0 },
    { op: 'matches', pattern },
  ];
  try {
    return codec.evaluateFilter(
      nodes,
      texts.map((text) => [text, ...builtins]),
    );
  } catch {
    return 'refused';
  }
}

function translated(pattern: string): boolean[] | 'refused' {
  try {
    const expression = re2Pattern(pattern);
    return texts.map((text) => expression.test(text.toString()));
  } catch (error) {
    if (error instanceof PatternError) return 'refused';
    throw error;
  }
}

test.each([
  ...[
    '',
    'a',
    '^a$',
    'a|b',
    'a*',
    'a+b?',
    'a{2}',
    'a{1,2}b',
    'a{,2}',
    '{',
    'a}',
    ']',
    '(a)(b)',
    '(?:a|b)+',
    '(?P<x>a)b',
  ],
  ...[
    '.',
    'a.b',
    '(?s)a.b',
    '(?s:a.b)',
    '^b',
    '(?m)^b',
    '(?m)a$',
    '(?i)abc',
    'a(?i)B|c',
    '(?i:é)',
    '(?i)λ',
    '(?-i)a',
    '(?U)a+',
  ],
  ...[
    '[ab]',
    '[^a]',
    '[]]',
    '[^]]',
    '[a-c]',
    '[-a]',
    '[a-]',
    '[\\]]',
    '[\\d_]',
    '[^\\d]',
    '[\\D1]',
    '[[:alpha:]]',
    '[[:^alpha:]]',
  ],
  ...[
    '[[:punct:]]',
    '[[:space:]]',
    '\\d',
    '\\D',
    '\\w+',
    '\\W',
    '\\s',
    '\\S',
    '\\bb',
    '\\Ba',
    '\\Aa',
    'a\\z',
    '\\pL',
    '\\p{Greek}',
  ],
  ...[
    '\\PL',
    '\\p{^Greek}',
    '[\\pN_]',
    '\\x41',
    '\\x{1F600}',
    '\\060',
    '\\12',
    '\\Qa.b\\E',
    '\\Qa',
    '\\.',
    '\\/',
    '\\a',
    '\\t',
    '\\n',
  ],
  ...[
    '^*',
    'a**',
    'a*+',
    'a{2}{3}',
    '*a',
    '(*a)',
    '|*',
    'a{1001}',
    'a{2,1}',
    '(',
    ')',
    '(?=a)',
    '(?!a)',
    '(?<=a)',
    '(?<!a)',
    '(?>a)',
  ],
  ...[
    '(?#a)',
    '(?<n>a',
    '(?P<n',
    '(?P=n)',
    '[a',
    '[b-a]',
    '[[:word:]]',
    '[[:nope:]]',
    '\\1',
    '(a)\\1',
    '\\8',
    '\\_',
    '\\Z',
    '\\e',
    '\\',
  ],
  ...[
    '\\x{110000}',
    '\\xg',
    '\\p{Nope}',
    '\\pQ',
    'a{1000}',
    '(?i',
    '(?z)a',
    '\\C',
    '^/etc/(passwd|group)$',
    '^kworker/\\d+:',
    '(|a)',
    '(?:)',
  ],
])('%j means the same to RE2 and to the reference', (pattern) => {
  expect(translated(pattern)).toEqual(native(pattern));
});

test.each([
  ['a(b', 1, 1, "')' is missing"],
  ['ab)', 2, 1, "')' has no '('"],
  ['a(?<=b)', 1, 4, 'RE2 has no lookahead and no lookbehind'],
  ['a{2000}', 1, 6, 'repetitions go up to 1000'],
  ['x'.repeat(1001), 0, 1001, 'longer than 1000'],
])('%j is refused at offset %d', (pattern, offset, length, message) => {
  expect(() => re2Pattern(pattern)).toThrow(
    expect.objectContaining({ offset, length, message: expect.stringContaining(message) }),
  );
});
