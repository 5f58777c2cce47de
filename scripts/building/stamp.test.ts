import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesBelow, stamp } from './stamp.js';

let directory: string;
let source: string;
let output: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-stamp-'));
  source = join(directory, 'a.c');
  output = join(directory, 'a.o');
  writeFileSync(source, 'int a;');
  writeFileSync(output, '');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const make = (flags = '-O2') => stamp(join(directory, 'stamps/a'), [source, { text: flags }], [output]);

test('nothing is fresh before its stamp is written', () => {
  expect(make().isFresh()).toBe(false);
  make().write();
  expect(make().isFresh()).toBe(true);
});

test('a changed input, another flag or a missing output makes it stale', () => {
  make().write();
  expect(make('-O3').isFresh()).toBe(false);
  rmSync(output);
  expect(make().isFresh()).toBe(false);
  writeFileSync(output, '');
  writeFileSync(source, 'int b;');
  expect(make().isFresh()).toBe(false);
});

test('files are found below directories by their ending, in a stable order', () => {
  mkdirSync(join(directory, 'sub'));
  writeFileSync(join(directory, 'sub/b.c'), '');
  expect(filesBelow(directory, '.c')).toEqual([source, join(directory, 'sub/b.c')]);
  expect(filesBelow(join(directory, 'none'), '.c')).toEqual([]);
});
