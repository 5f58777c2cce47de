import { describe, expect, test } from '@jest/globals';
import { matchesPathPattern, parsePathPattern } from './pathPattern.ts';

describe('a pattern means', () => {
  test.each([
    [
      '/var/log/pods/**/*.log',
      { root: '/var/log/pods', depth: 'any', prefix: '', suffix: '.log', exact: false },
    ],
    [
      '/var/log/**/app-*.log',
      { root: '/var/log', depth: 'any', prefix: 'app-', suffix: '.log', exact: false },
    ],
    ['/var/log/*/*/*.log', { root: '/var/log', depth: 2, prefix: '', suffix: '.log', exact: false }],
    ['/var/log/*.log', { root: '/var/log', depth: 0, prefix: '', suffix: '.log', exact: false }],
    ['/var/log/*', { root: '/var/log', depth: 0, prefix: '', suffix: '', exact: false }],
    ['/var/log/..data/a*', { root: '/var/log/..data', depth: 0, prefix: 'a', suffix: '', exact: false }],
    ['/var/log/x.log', { root: '/var/log', depth: 0, prefix: 'x.log', suffix: '', exact: true }],
    ['/var/log/**/x.log', { root: '/var/log', depth: 'any', prefix: 'x.log', suffix: '', exact: true }],
  ])('%s', (pattern, meaning) => {
    expect(parsePathPattern(pattern)).toEqual(meaning);
  });
});

describe('a pattern is refused in words when', () => {
  test.each([
    ['it is relative', 'var/*.log', 'must begin with /'],
    ['it has alternatives', '/var/log/{a,b}.log', '"{" is not supported'],
    ['it has a character class', '/var/log/[ab].log', '"[" is not supported'],
    ['it has a question mark', '/var/log/?.log', 'one pattern for each alternative'],
    ['it quotes', String.raw`/var/log/\*.log`, String.raw`"\\" is not supported`],
    ['it ends with a slash', '/var/log/', 'add the files in it'],
    ['it has an empty component', '/var//*.log', 'a single / between names'],
    ['it climbs', '/var/log/../*.log', 'without them'],
    ['its name climbs', '/var/log/..', 'without them'],
    ['it means all directories', '/var/log/**', 'write **/* for all files'],
    ['it means the whole file system', '/**/*.log', 'begin with a directory'],
    ['it means files of the root', '/*.log', 'begin with a directory'],
    ['its name has two wildcards', '/var/log/a*b*.log', 'PREFIX*SUFFIX'],
    ['its name has a double one', '/var/log/a**', 'PREFIX*SUFFIX'],
    ['a directory is a name in part', '/var/log/pod-*/*.log', '"pod-*" is a name in part'],
    ['a directory is a double wildcard in part', '/var/log/a**/*.log', '"a**" is a name in part'],
    ['a literal comes after a wildcard', '/var/log/*/web/*.log', '"web" comes after a wildcard'],
    ['** comes twice', '/var/**/**/*.log', 'write it once'],
    ['** has * beside it', '/var/**/*/*.log', 'write it once'],
    ['a name is too long', `/var/${'é'.repeat(128)}`, 'more than 255 bytes'],
  ])('%s', (_case, pattern, words) => {
    expect(() => parsePathPattern(pattern)).toThrow(TypeError);
    expect(() => parsePathPattern(pattern)).toThrow(words);
    expect(() => parsePathPattern(pattern)).toThrow(JSON.stringify(pattern));
  });
});

describe('of the files below its root a pattern', () => {
  test.each([
    ['/r/**/*.log', ['a.log', 'x/a.log', 'x/y/z/.log'], ['a.txt', 'x/a.log.1', 'x/a.log/b', '']],
    ['/r/*/*/*.log', ['x/y/a.log'], ['a.log', 'x/a.log', 'x/y/z/a.log']],
    ['/r/*.log', ['a.log', '.log'], ['x/a.log', 'log']],
    ['/r/*', ['a', '.hidden'], ['', 'x/a']],
    ['/r/ab*ba', ['abba', 'ab-ba'], ['aba', 'ab', 'xabba']],
    ['/r/x.log', ['x.log'], ['x.log1', 'y/x.log', 'ax.log']],
  ])('%s means those of its depth and name', (pattern, meant, others) => {
    const parsed = parsePathPattern(pattern);
    expect(meant.filter((path) => !matchesPathPattern(parsed, path))).toEqual([]);
    expect(others.filter((path) => matchesPathPattern(parsed, path))).toEqual([]);
  });
});
