import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { makeDirectory } from './makeDirectory.ts';

test('a directory is made with those above it, and may be there already', () => {
  const directory = mkdtempSync(join(tmpdir(), 'traceprobe-'));
  try {
    const path = join(directory, 'a/b/c');
    makeDirectory(path);
    makeDirectory(path);
    expect(statSync(path).isDirectory()).toBe(true);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('where a file system makes no directories that is an error', () => {
  expect(() => {
    makeDirectory('/proc/traceprobe/pins');
  }).toThrow('ENOENT');
});
