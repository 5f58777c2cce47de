import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePackages } from '../../scripts/setup/packages.js';
import { compileFixture } from './compileFixture.ts';

/** The reports of a valgrind log that go through the addon or libbpf. */
function reports(log: string): string[] {
  return log
    .replaceAll(/^[=-]{2}\d+[=-]{2} ?/gm, '')
    .split(/\n\n/)
    .filter((report) => /bpf\.node|libbpf/.test(report))
    .filter((report) => !report.includes('Syscall param bpf(')); // the kernel reads as much as it is told to
}

test('valgrind finds no invalid access and no leak in a process that uses and closes everything', async () => {
  await ensurePackages({ valgrind: 'checks how the native addon uses memory' }, console.error);
  compileFixture('counter');
  const directory = mkdtempSync(join(tmpdir(), 'valgrind-'));
  try {
    const log = join(directory, 'log');
    const script = fileURLToPath(new URL('children/leave.ts', import.meta.url));
    const args = ['--leak-check=full', `--log-file=${log}`, process.execPath, script, 'close'];
    const { status, stderr } = spawnSync('valgrind', args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const text = readFileSync(log, 'utf8');
    expect(text).toMatch(/LEAK SUMMARY/);
    expect(reports(text)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}, 300_000);
