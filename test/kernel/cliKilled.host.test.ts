import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { existsSync, openSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli, startCli } from './cliProcess.ts';

let directory: string;
let pins: string;
let env: NodeJS.ProcessEnv;
let probe: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'traceprobe-killed-'));
  pins = `/sys/fs/bpf/traceprobe-test-${process.pid}`;
  env = { ...process.env, TRACEPROBE_BPFFS: pins, TRACEPROBE_RUN: directory };
  probe = join(directory, 'opens.yaml');
  await writeFile(
    probe,
    `apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: opens }
spec:
  points:
    - name: openat
      attach: syscall/openat
      capture: [{ name: filename }]
      filter: filename.startsWith("${directory}/missing")
`,
  );
});

afterEach(async () => {
  await rm(directory, { recursive: true });
  await rm(pins, { recursive: true, force: true });
});

function openMissing(count: number): void {
  for (let index = 0; index < count; index++) {
    try {
      openSync(`${directory}/missing${index}`, 'r');
    } catch {
      // That it is not there is what the probe sees.
    }
  }
}

const run = ['-o', 'json', '--log-level', 'info'];

test('what a run that was killed had captured is told by the next command, once', async () => {
  using killed = startCli(['run', probe, ...run], { env });
  await killed.running();
  openMissing(10);
  await killed.until('the last came', ({ stdout }) => stdout.includes('missing9'));
  killed.child.kill('SIGKILL');
  await killed.end();

  const told = await runCli(['programs'], { env });
  expect(told.stderr).toMatch(
    new RegExp(
      String.raw`^A run of traceprobe \(pid ${killed.child.pid}, since \S+\) ended without its account\. .*\nopens:\n` +
        String.raw`  attempted .*= .* \+ 10 captured.*\n  how many of those captured were shown is not known$`,
      'm',
    ),
  );
  expect((await runCli(['programs'], { env })).stderr).not.toContain('ended without its account');
  expect(readdirSync(join(pins, 'runs'))).toEqual([]);
  expect(readdirSync(join(directory, 'runs'))).toEqual([]);
});

test('runs beside it, and runs that ended in good order, are nothing to tell of', async () => {
  using first = startCli(['run', probe, ...run], { env });
  await first.running();
  using second = startCli(['run', probe, ...run], { env });
  await second.running();
  expect(readdirSync(join(pins, 'runs'))).toHaveLength(2);
  expect((await first.interrupt()).stderr).not.toContain('ended without');
  expect((await second.interrupt()).stderr).not.toContain('ended without');
  expect((await runCli(['programs'], { env })).stderr).not.toContain('ended without');
  expect(readdirSync(join(pins, 'runs'))).toEqual([]);
});

test('where nothing can be pinned or written a run goes on without, and says so in the log alone', async () => {
  const below = join(probe, 'is-no-directory');
  const nowhere = { ...env, TRACEPROBE_BPFFS: below, TRACEPROBE_RUN: below };
  using cli = startCli(['run', probe, ...run], { env: nowhere });
  await cli.running();
  openMissing(1);
  await cli.until('its event came', ({ stdout }) => stdout.includes('missing0'));
  const { status, stderr } = await cli.interrupt();
  expect(status).toBe(0);
  expect(stderr).toContain('info a kill -9 would take the account along');
  expect((await runCli(['run', probe, '--for', '1ms'], { env: nowhere })).stderr).toMatch(/^opens:/);
  expect(existsSync(pins)).toBe(false);
});
