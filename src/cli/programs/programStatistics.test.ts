import { expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programStatistics } from './programStatistics.ts';

test('programs that a process holds are found by their descriptors, other descriptors are passed over', () => {
  const proc = mkdtempSync(join(tmpdir(), 'traceprobe-proc-'));
  try {
    const fdinfo = join(proc, '77', 'fdinfo');
    mkdirSync(fdinfo, { recursive: true });
    writeFileSync(join(fdinfo, '0'), 'pos:\t0\nflags:\t02\n');
    writeFileSync(
      join(fdinfo, '8'),
      'pos:\t0\nprog_type:\t5\nprog_id:\t4711\nrun_time_ns:\t123456\nrun_cnt:\t99\n',
    );
    writeFileSync(join(fdinfo, '9'), 'link_type:\tperf\nlink_id:\t3\nprog_id:\t4711\n');
    expect(programStatistics(77, proc)).toEqual(new Map([[4711, { runCount: 99n, runTimeNs: 123456n }]]));
  } finally {
    rmSync(proc, { recursive: true });
  }
});

test('a process that has ended holds nothing', () => {
  expect(programStatistics(2 ** 30).size).toBe(0);
});
