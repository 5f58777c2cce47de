import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountOf, eventsOf, runCli, startCli, type CliResult } from './cliProcess.ts';

let directory: string;
let store: string;
/** Part of every file name that a test opens, so that other processes' files do not count. */
let mark: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'traceprobe-store-'));
  store = join(directory, 'store');
  // Runs of others are nothing to tell of here.
  env = { ...process.env, TRACEPROBE_RUN: join(directory, 'run') };
  mark = `/nonexistent-${directory.split('-').at(-1) ?? ''}/`;
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function probe(capture = '{ name: filename }, { name: retval }'): Promise<string> {
  const path = join(directory, 'opens.yaml');
  const text = `apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: opens }
spec:
  points:
    - name: openat
      attach: syscall/openat
      capture: [${capture}]
      filter: filename.startsWith("${mark}") && !filename.matches("ignored")
`;
  await writeFile(path, text);
  return path;
}

function openMissing(count: number, name = 'file'): void {
  for (let index = 0; index < count; index++) {
    try {
      openSync(`${mark}${name}${index}`, 'r');
    } catch {
      // That it is not there is what the probe sees.
    }
  }
}

const info = ['--log-level', 'info'];

async function sql(statement: string): Promise<Record<string, unknown>[]> {
  const { status, stdout, stderr } = await runCli(['sql', statement, '--store', store, '-o', 'json'], {
    env,
  });
  // A probe without events has no table yet.
  if (stderr.startsWith('error: there is no table opens')) return [];
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return eventsOf(stdout);
}

/** The number of events in the store once there are so many. */
async function untilStored(count: number): Promise<void> {
  for (;;) {
    const [row] = await sql('SELECT count(*) AS n FROM opens');
    if (Number(row?.['n'] ?? 0) >= count) return;
  }
}

test('a run that stores is asked while it runs and after it, and what it stored is what its account says', async () => {
  using cli = startCli(['run', await probe(), '--store', store, '-o', 'none', ...info, '--node', 'here'], {
    env,
  });
  await cli.running();
  expect(statSync(join(store, 'events.sock')).mode & 0o777).toBe(0o600);
  openMissing(100);
  openMissing(1, 'ignored');
  await untilStored(100);
  const during = await sql('SELECT node, count(DISTINCT filename) AS files FROM opens GROUP BY ALL');
  expect(during).toEqual([{ node: 'here', files: 100 }]);

  openMissing(50, 'more');
  const { status, stdout, stderr } = await cli.interrupt();
  expect(status).toBe(0);
  expect(stdout).toBe('');
  expect(accountOf(stderr)).toMatchObject({ stored: 150 });
  expect(stderr).not.toMatch(/not stored|^ {2}shown|unaccounted/m);

  expect(await sql('SELECT count(*) AS n FROM opens')).toEqual([{ n: 150 }]);
  const loss = await runCli(['loss', '--store', store, '-o', 'json'], { env });
  const { 'captured in all': captured, 'attempted in all': attempted } = accountOf(stderr);
  expect(eventsOf(loss.stdout)).toEqual([
    expect.objectContaining({ probe: 'opens', node: 'here', attempted, captured, stored: 150, in_flight: 0 }),
  ]);
  expect(statSync(join(store, 'store.duckdb')).mode & 0o777).toBe(0o600);
});

test('events are shown as well, and the next run of a changed file goes on in the same table', async () => {
  const run = async (capture: string): Promise<CliResult> => {
    using cli = startCli(['run', await probe(capture), '--store', store, '-o', 'json', ...info], { env });
    await cli.running();
    openMissing(10);
    await cli.until('its events came', ({ stdout: shown }) => shown.includes('file9'));
    return await cli.interrupt();
  };
  const first = await run('{ name: filename }');
  expect(first.stderr).toMatch(/\n {2}captured +10 = 10 stored\n {2}shown +10\n/);
  await run('{ name: filename }, { name: flags }');
  expect(await sql('SELECT count(*) AS n, count(filename) AS f, count(flags) AS g FROM opens')).toEqual([
    { n: 20, f: 20, g: 10 },
  ]);
});

test('watch --local shows what a run stores', async () => {
  using cli = startCli(['run', await probe(), '--store', store, '-o', 'none', ...info], { env });
  await cli.running();
  openMissing(1);
  await untilStored(1);
  using watch = startCli(['watch', 'opens', '--store', store, '--count', '3', '-o', 'json'], { env });
  const timer = setInterval(openMissing, 20, 1, 'seen');
  const { stdout } = await watch.end();
  clearInterval(timer);
  expect(eventsOf(stdout)).toMatchObject(Array(3).fill({ filename: `${mark}seen0` }));
  await cli.interrupt();
});

test('a store is for one run at a time, and the other is told so', async () => {
  using cli = startCli(['run', await probe(), '--store', store, '-o', 'none', ...info], { env });
  await cli.running();
  const other = await runCli(['run', await probe(), '--store', store], { env });
  expect(other.status).toBe(1);
  expect(other.stderr).toBe(
    `error: another process has the store in ${store} open\n` +
      '  a store can be open once: end the other run, or name another directory with --store DIR\n',
  );
  await cli.interrupt();
});

test('a run that was killed leaves what was committed, and the next one goes on', async () => {
  using killed = startCli(['run', await probe(), '--store', store, '-o', 'none', ...info], { env });
  await killed.running();
  openMissing(20);
  await untilStored(20);
  killed.child.kill('SIGKILL');
  await killed.end();
  expect(await sql('SELECT count(*) AS n FROM opens')).toEqual([{ n: 20 }]);
  using next = startCli(['run', await probe(), '--store', store, '-o', 'none', ...info], { env });
  await next.running();
  openMissing(5);
  await next.interrupt();
  expect(await sql('SELECT count(*) AS n FROM opens')).toEqual([{ n: 25 }]);
});
