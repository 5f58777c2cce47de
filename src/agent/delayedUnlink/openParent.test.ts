import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { isGone, openParent } from './openParent.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'traceprobe-'));
  mkdirSync(join(root, 'logs/pod/container'), { recursive: true });
  writeFileSync(join(root, 'logs/pod/container/0.log'), '');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function failureOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a name is reached through the directories that were opened', () => {
  using parent = openParent(join(root, 'logs'), 'pod/container/0.log');
  unlinkSync(parent.entry);
  expect(existsSync(join(root, 'logs/pod/container/0.log'))).toBe(false);
});

test('a link on the way is not followed, wherever it leads', () => {
  rmSync(join(root, 'logs/pod/container'), { recursive: true });
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/0.log'), '');
  symlinkSync('../../etc', join(root, 'logs/pod/container'));
  const failure = failureOf(() => openParent(join(root, 'logs'), 'pod/container/0.log'));
  expect(isGone(failure)).toBe(true);
});

test('what is gone is told from what cannot be opened', () => {
  expect(isGone(failureOf(() => openParent(join(root, 'logs'), 'no/such/0.log')))).toBe(true);
  expect(isGone(failureOf(() => openParent(join(root, 'logs'), 'pod/container/0.log/1.log')))).toBe(true);
  expect(isGone(Object.assign(new Error('Unknown system error -116'), { errno: -116 }))).toBe(true);
  expect(isGone(Object.assign(new Error('EACCES'), { code: 'EACCES', errno: -13 }))).toBe(false);
});
