import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RunStatistics } from '../bpf/index.ts';
import { measurePrograms } from './measurePrograms.ts';

let directory: string;
let sysctl: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-sysctl-'));
  sysctl = join(directory, 'bpf_stats_enabled');
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** As bpf(BPF_ENABLE_STATS) without CAP_SYS_ADMIN. */
function refuse(): never {
  throw new Error('switch the run time statistics of BPF programs on: EPERM');
}

test('where it is allowed, statistics are switched on', () => {
  const statistics: RunStatistics = { close: () => undefined, [Symbol.dispose]: () => undefined };
  expect(measurePrograms(sysctl, () => statistics)).toBe(statistics);
});

test('a node that counts anyway needs nobody to switch it on', () => {
  writeFileSync(sysctl, '1\n');
  expect(() => {
    measurePrograms(sysctl, refuse).close();
  }).not.toThrow();
});

test.each([
  ['is off', '0\n'],
  ['is not there', undefined],
])('where it is refused and the sysctl %s, the error says what to do', (_, content) => {
  if (content !== undefined) writeFileSync(sysctl, content);
  expect(() => measurePrograms(sysctl, refuse)).toThrow(
    /EPERM: set the sysctl kernel.bpf_stats_enabled of the node to 1, or give the agent CAP_SYS_ADMIN/,
  );
});
