import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRuns, RunFile } from './runFile.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-run-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const probes = [
  { probe: 'opens', points: [{ point: 'openat', attach: 'syscall/openat', programIds: [7, 8] }] },
];

test('a run is listed as long as it lasts', () => {
  {
    using file = new RunFile(directory);
    file.write(probes);
    expect(readRuns(directory)).toEqual([{ pid: process.pid, probes }]);
  }
  expect(readRuns(directory)).toEqual([]);
});

test('what a killed run left behind is removed', () => {
  const left = join(directory, `run-${2 ** 30}.json`);
  writeFileSync(left, JSON.stringify({ pid: 2 ** 30, probes }));
  expect(readRuns(directory)).toEqual([]);
  expect(existsSync(left)).toBe(false);
});

test('half a file is passed over', () => {
  writeFileSync(join(directory, `run-${process.pid}.json`), '{"pid":');
  expect(readRuns(directory)).toEqual([]);
});

test('a directory that cannot be written to keeps nobody from running', () => {
  const below = join(directory, 'file', 'below');
  writeFileSync(join(directory, 'file'), '');
  using file = new RunFile(below);
  file.write(probes);
  expect(readRuns(below)).toEqual([]);
});
