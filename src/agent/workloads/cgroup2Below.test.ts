import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { cgroup2Below } from './cgroup2Below.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-cgroup-'));
  mkdirSync(join(directory, 'unified'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('a tree of version 2 is taken as it is', () => {
  writeFileSync(join(directory, 'cgroup.controllers'), '');
  expect(cgroup2Below(directory)).toBe(directory);
});

test('on a hybrid node the tree lies in unified', () => {
  writeFileSync(join(directory, 'unified', 'cgroup.controllers'), '');
  expect(cgroup2Below(directory)).toBe(join(directory, 'unified'));
});

test('where there is none, what to mount is said', () => {
  expect(() => cgroup2Below(directory)).toThrow(`${directory} holds no cgroup v2 tree`);
});
