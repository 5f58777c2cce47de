import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesBelow, stamp, touchChangedSince } from './stamp.js';

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

test('a source that changed while it was compiled is newer than what was made of it', () => {
  const [began, changed, made] = [1000, 1001, 1002].map((seconds) => new Date(seconds * 1000)) as [
    Date,
    Date,
    Date,
  ];
  utimesSync(source, new Date(0), new Date(0));
  expect(touchChangedSince(began.getTime(), [source])).toBe(false);
  utimesSync(source, changed, changed);
  utimesSync(output, made, made);
  expect(touchChangedSince(began.getTime(), [source])).toBe(true);
  expect(statSync(source).mtimeMs).toBeGreaterThan(statSync(output).mtimeMs);
});
