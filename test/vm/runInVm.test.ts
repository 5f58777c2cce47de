import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { quote } from './runInVm.ts';

test('quoted words reach a shell as they are', () => {
  const words = ['plain', "it's", 'a b', '$HOME `id` "x"', '\\', 'new\nline', ''];
  const output = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(quote).join(' ')}`], {
    encoding: 'utf8',
  });
  expect(output).toBe(words.map((word) => `${word}\0`).join(''));
});
