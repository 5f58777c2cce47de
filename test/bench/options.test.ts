import { expect, test } from '@jest/globals';
import { parseOptions } from './options.ts';

const names = { suites: ['ingest'], variants: ['lean'] };

test('without a suite, what tracing costs is measured, seven times', () => {
  expect(parseOptions([], names)).toMatchObject({ suite: undefined, rounds: 7, calls: 2_000_000 });
});

test('a suite has its own number of runs, unless it is told another', () => {
  expect(parseOptions(['ingest'], names)).toMatchObject({ suite: 'ingest', rounds: 5 });
  expect(parseOptions(['ingest', '--rounds', '3'], names)).toMatchObject({ rounds: 3 });
});

test.each([
  [['ingets'], "there is no suite 'ingets', only ingest"],
  [['--only', 'leen'], "there is no variant 'leen', only lean"],
  [['ingest', '--only', 'lean'], '--only is not for ingest: it has no variants'],
  [['ingest', '--size', 'many'], "--size takes a whole number above 0, not 'many'"],
  [['ingest', '--size', '7', '--write'], '--write takes a whole run'],
])('%j is refused in words', (args, words) => {
  expect(() => parseOptions(args, names)).toThrow(words);
});
