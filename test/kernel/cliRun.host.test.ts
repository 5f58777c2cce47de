import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openSync, statSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import {
  accountOf,
  bundle,
  CliProcess,
  eventsOf,
  runCli,
  shellCommand,
  startCli,
  type CliResult,
} from './cliProcess.ts';

let directory: string;
/** Part of every file name that a test opens, so that other processes' files do not count. */
let mark: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'traceprobe-cli-'));
  mark = `/nonexistent-${directory.split('-').at(-1) ?? ''}/`;
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** A probe of failing openat calls below the mark. */
function opens(name = 'opens', more = ''): string {
  return `apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: ${name} }
spec:
  points:
    - name: openat
      attach: syscall/openat
      capture: [{ name: filename }, { name: retval }, { name: duration }]
      filter: filename.startsWith("${mark}")
${more}`;
}

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
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

/** Does something again and again until `done` is. */
async function whileRepeating<T>(action: () => void, done: () => Promise<T>): Promise<T> {
  const timer = setInterval(action, 1);
  try {
    return await done();
  } finally {
    clearInterval(timer);
  }
}

const json = ['-o', 'json', '--log-level', 'info'];

test('a file becomes events until Ctrl-C, and then an account that adds up', async () => {
  using cli = startCli(['run', await file('opens.yaml', opens()), ...json, '--node', 'here']);
  await cli.running();
  openMissing(100);
  await cli.until('100 events came', ({ stdout }) => stdout.split('\n').length > 100);
  const { status, stdout, stderr } = await cli.interrupt();
  expect(status).toBe(0);
  const events = eventsOf(stdout);
  expect(events).toHaveLength(100);
  expect(events[42]).toMatchObject({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/),
    ...{ probe: 'opens', point: 'openat', node: 'here', pid: process.pid, context: 'task' },
    ...{ filename: `${mark}file42`, retval: -2, duration: expect.any(Number) },
  });
  const account = accountOf(stderr);
  expect(account).toMatchObject({ shown: 100 });
  expect(account['attempted in all']).toBe(
    (account['filtered in the kernel'] ?? 0) +
      (account['captured'] ?? 0) +
      (account['open (no return yet)'] ?? 0),
  );
  expect(account['captured in all']).toBe(100 + (account['filtered after capture'] ?? 0));
  expect(stderr).not.toContain('unaccounted');
});

test('--count shows exactly so many, and counts the others as not shown', async () => {
  using cli = startCli(['run', await file('opens.yaml', opens()), ...json, '--count', '7']);
  await cli.running();
  openMissing(500);
  const { status, stdout, stderr } = await cli.end();
  expect(status).toBe(0);
  expect(eventsOf(stdout)).toHaveLength(7);
  const account = accountOf(stderr);
  expect(account['shown']).toBe(7);
  expect(account['captured in all']).toBe(
    7 + (account['not shown'] ?? 0) + (account['filtered after capture'] ?? 0),
  );
});

test('--for ends it by itself', async () => {
  const { status, stderr } = await runCli(['run', await file('opens.yaml', opens()), '--for', '200ms']);
  expect(status).toBe(0);
  expect(stderr).toMatch(/^opens:\n {2}attempted/m);
});

test('several files, several documents a file and standard input run together, narrowed by --filter', async () => {
  const two = await file('two.yaml', `${opens('one')}---\n${opens('two')}`);
  const args = ['run', two, await file('three.yaml', opens('three')), '-', ...json];
  using cli = startCli([...args, '--filter', 'filename.endsWith("file3")']);
  cli.child.stdin.end(opens('four'));
  await cli.running();
  openMissing(10);
  await cli.until('four events came', ({ stdout }) => stdout.split('\n').length > 4);
  const { stdout } = await cli.interrupt();
  const events = eventsOf(stdout);
  expect(events.map(({ probe }) => probe).sort()).toEqual(['four', 'one', 'three', 'two']);
  expect(new Set(events.map(({ filename }) => filename))).toEqual(new Set([`${mark}file3`]));
});

test('a probe can be given on the command line', async () => {
  const args = ['--attach', 'syscall/openat', '--capture', 'filename', 'result=retval'];
  using cli = startCli([
    'run',
    ...args,
    '--filter',
    `filename.startsWith("${mark}")`,
    '--count',
    '1',
    ...json,
  ]);
  await cli.running();
  openMissing(1);
  const [event] = eventsOf((await cli.end()).stdout);
  expect(event).toMatchObject({ probe: 'openat', filename: `${mark}file0`, result: -2 });
});

test('the bundle does what the sources do, its log included', async () => {
  using cli = new CliProcess(process.execPath, [bundle, 'run', await file('opens.yaml', opens()), ...json]);
  await cli.running();
  openMissing(1);
  await cli.until('its event came', ({ stdout }) => stdout.includes('file0"'));
  expect((await cli.interrupt()).status).toBe(0);
});

test('64 probes at once', async () => {
  // The kernel takes at most 64 programs a tracepoint, whoever attaches them: so two.
  const probes = Array.from({ length: 32 }, (_, index) => [
    opens(`opens-${index}`),
    opens(`stats-${index}`).replace('syscall/openat', 'syscall/statx'),
  ]);
  using cli = startCli(['run', await file('many.yaml', probes.flat().join('---\n')), ...json]);
  await cli.running();
  openMissing(1);
  statSync(`${mark}file0`, { throwIfNoEntry: false });
  await cli.until('each had its event', ({ stdout }) => stdout.split('\n').length > 64);
  const { status, stdout, stderr } = await cli.interrupt();
  expect(status).toBe(0);
  expect(new Set(eventsOf(stdout).map(({ probe }) => probe)).size).toBe(64);
  expect(stderr.match(/= 1 shown/g)).toHaveLength(64);
});

test('a reader that has enough ends it without a complaint', async () => {
  const path = await file('opens.yaml', opens());
  const pipe = `${shellCommand(['run', path, ...json])} | head -n 1; echo "status \${PIPESTATUS[0]}"`;
  using shell = new CliProcess('bash', ['-c', pipe]);
  await shell.running();
  openMissing(1);
  await shell.until('head had its line', ({ stdout }) => stdout.includes('filename'));
  // Only who writes learns that nobody reads.
  openMissing(1, 'again');
  const { stdout, stderr } = await shell.end();
  expect(stdout).toMatch(/^\{.*\}\nstatus 0\n$/);
  expect(stderr).not.toMatch(/error|EPIPE/);
});

test('a slow reader slows nothing but itself: what it did not get is counted', async () => {
  using cli = startCli([
    'run',
    await file('opens.yaml', opens('opens', '  limits: { eventsPerSecondPerNode: 1000000 }')),
    ...json,
  ]);
  await cli.running();
  cli.child.stdout.pause();
  openMissing(20_000);
  cli.child.stdout.resume();
  await cli.until('all came', ({ stdout }) => stdout.includes('file19999"'));
  const { stdout, stderr } = await cli.interrupt();
  const account = accountOf(stderr);
  expect(eventsOf(stdout)).toHaveLength(account['shown'] ?? 0);
  expect(stderr).not.toContain('unaccounted');
});

test('a second Ctrl-C ends it at once when its reader hangs', async () => {
  using cli = startCli(['run', await file('opens.yaml', opens()), ...json]);
  await cli.running();
  cli.child.stdout.pause();
  openMissing(5000, 'x'.repeat(200));
  // The pipe is full; so the end waits for its reader, until told again.
  cli.child.kill('SIGINT');
  const again = setInterval(() => cli.child.kill('SIGINT'), 200);
  const status = await new Promise((resolve) => cli.child.once('exit', resolve));
  clearInterval(again);
  cli.child.stdout.resume();
  expect(status).toBe(130);
});

test('CSV has a header and a line an event', async () => {
  using cli = startCli([
    'run',
    await file('opens.yaml', opens()),
    '-o',
    'csv',
    '--count',
    '2',
    '--log-level',
    'info',
  ]);
  await cli.running();
  openMissing(2, 'a,b');
  const [header, first, second, end] = (await cli.end()).stdout.split('\r\n');
  expect(header).toBe(
    'time,probe,point,node,pid,tid,ppid,uid,gid,comm,context,filename,retval,duration,truncated',
  );
  expect(first).toContain(`,"${mark}a,b0",-2,`);
  expect(second).toContain(`,"${mark}a,b1",-2,`);
  expect(end).toBe('');
});

test('YAML is a document an event', async () => {
  using cli = startCli([
    'run',
    await file('opens.yaml', opens()),
    '-o',
    'yaml',
    '--count',
    '2',
    '--log-level',
    'info',
  ]);
  await cli.running();
  openMissing(2);
  const documents = parseAllDocuments((await cli.end()).stdout) as { toJS: () => unknown }[];
  expect(documents.map((document) => document.toJS())).toMatchObject([
    { filename: `${mark}file0`, retval: -2 },
    { filename: `${mark}file1`, retval: -2 },
  ]);
});

test('on a terminal nothing that a traced program chose is obeyed', async () => {
  const args = ['run', await file('opens.yaml', opens()), '--count', '1', '--log-level', 'info'];
  // script(1) gives it a terminal.
  using cli = new CliProcess('script', ['-qec', `stty cols 120; ${shellCommand(args)}`, '/dev/null']);
  await cli.until('its probes ran', ({ stdout }) => stdout.includes('probes run'));
  openMissing(1, '\x1b]0;owned\x07\x1b[2J\n\x9b31m');
  const { stdout } = await cli.end();
  expect(stdout).toContain('Tracing opens. Ctrl-C ends.');
  expect(stdout).toContain('\\x1b]0;owned\\x07\\x1b[2J\\n');
  expect(stdout).not.toContain('\x1b]0;');
  expect(stdout).not.toContain('\x1b[2J');
  const row = stdout.split('\r\n').find((line) => line.includes('owned')) ?? '';
  expect(row.startsWith('\x1b[2m')).toBe(true);
});

test('NO_COLOR keeps colours away from a terminal', async () => {
  const args = ['run', await file('opens.yaml', opens()), '--count', '1', '--log-level', 'info'];
  const env = { ...process.env, NO_COLOR: '1' };
  using cli = new CliProcess('script', ['-qec', shellCommand(args), '/dev/null'], { env });
  await cli.until('its probes ran', ({ stdout }) => stdout.includes('probes run'));
  openMissing(1);
  const { stdout } = await cli.end();
  expect(stdout).toContain('FILENAME');
  expect(stdout).not.toContain('\x1b');
});

test('--watch applies a file that an editor replaced, and keeps what runs when the next edit is broken', async () => {
  const path = await file('opens.yaml', opens());
  const replace = async (text: string): Promise<void> => rename(await file('opens.yaml.new', text), path);
  using cli = startCli(['run', path, '--watch', ...json]);
  await cli.running();
  openMissing(10, 'first');
  await replace(opens().replace('{ name: retval }', '{ name: result, value: retval }'));
  await cli.until('the new generation ran', ({ stderr }) => stderr.includes('opens: generation 2 runs.'));
  openMissing(10, 'second');
  await replace(opens().replace('filter:', 'filtre:'));
  await cli.until('the edit was refused', ({ stderr }) => stderr.includes('Nothing was changed'));
  openMissing(10, 'third');
  await cli.until('all came', ({ stdout }) => stdout.includes('third9"'));
  const { stdout, stderr } = await cli.interrupt();
  expect(stderr).toContain(
    `error: ${path}:9:7: strict decoding error: unknown field "spec.points[0].filtre"`,
  );
  const events = eventsOf(stdout);
  expect(events).toHaveLength(30);
  expect(events.filter((event) => 'retval' in event)).toHaveLength(10);
  expect(events.filter((event) => 'result' in event)).toHaveLength(20);
  expect(accountOf(stderr)['shown']).toBe(30);
});

test('a change under load loses no call and counts none twice', async () => {
  const path = await file('opens.yaml', opens('opens', '  limits: { eventsPerSecondPerNode: 1000000 }'));
  using cli = startCli(['run', path, '--watch', ...json]);
  await cli.running();
  let opened = 0;
  const load = (): void => {
    openMissing(50, `${opened}-`);
    opened += 50;
  };
  await whileRepeating(load, async () => {
    for (const generation of [2, 3, 4]) {
      const text = opens('opens', `  limits: { eventsPerSecondPerNode: ${1_000_000 + generation} }`);
      await rename(await file('opens.yaml.new', text), path);
      await cli.until('it ran', ({ stderr }) => stderr.includes(`generation ${generation} runs.`));
    }
  });
  openMissing(1, 'last');
  await cli.until('the last came', ({ stdout }) => stdout.includes('last0"'));
  const { stdout, stderr } = await cli.interrupt();
  const names = eventsOf(stdout).map(({ filename }) => filename);
  expect(names).toHaveLength(opened + 1);
  expect(new Set(names).size).toBe(opened + 1);
  expect(accountOf(stderr)['shown']).toBe(opened + 1);
});

test('a probe that is gone from a watched file stops with its account', async () => {
  const path = await file('two.yaml', `${opens('one')}---\n${opens('two')}`);
  using cli = startCli(['run', path, '--watch', ...json]);
  await cli.running();
  await rename(await file('two.yaml.new', opens('two')), path);
  await cli.until('it stopped', ({ stderr }) => stderr.includes('it is gone from its file'));
  expect(cli.stderr).toMatch(/^one:\n {2}attempted/m);
  openMissing(1);
  await cli.until('the other one goes on', ({ stdout }) => stdout.includes('"two"'));
  const { stdout } = await cli.interrupt();
  expect(eventsOf(stdout).map(({ probe }) => probe)).toEqual(['two']);
});

test('a flood is held to the rate limit, and what was over it is counted', async () => {
  const limited = opens('limited', '  limits: { eventsPerSecondPerNode: 100, cpuPercentPerNode: 100 }');
  using cli = startCli(['run', await file('limited.yaml', limited), ...json]);
  await cli.running();
  openMissing(20_000);
  const { stdout, stderr } = await cli.interrupt();
  const account = accountOf(stderr);
  const lost = account['lost (over limits.eventsPerSecondPerNode)'] ?? 0;
  expect(lost).toBeGreaterThan(10_000);
  expect(eventsOf(stdout)).toHaveLength(20_000 - lost);
  expect(account['shown']).toBe(20_000 - lost);
});

test('a probe over its CPU budget is stopped, and that is an error', async () => {
  const hungry = opens('hungry', '  limits: { cpuPercentPerNode: 1, eventsPerSecondPerNode: 1000000 }');
  using cli = startCli(['run', await file('hungry.yaml', hungry), ...json]);
  await cli.running();
  const load = (): void => {
    openMissing(100);
  };
  const { status, stderr } = await whileRepeating(load, () => cli.end());
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /warning: probe hungry was stopped, OverBudget: it used [\d.]+ % of a CPU, .* grants 1 %/,
  );
  expect(stderr).not.toContain('unaccounted');
});

test('traceprobe programs shows what a running probe costs', async () => {
  using cli = startCli(['run', await file('opens.yaml', opens()), ...json]);
  await cli.running();
  const load = (): void => {
    openMissing(10);
  };
  const look = (): Promise<CliResult> => runCli(['programs', '-o', 'json', '--for', '300ms']);
  const { stdout } = await whileRepeating(load, look);
  await cli.interrupt();
  const mine = eventsOf(stdout).filter(({ pid }) => pid === cli.child.pid);
  expect(mine).toHaveLength(2);
  expect(mine[0]).toMatchObject({ probe: 'opens', point: 'openat', attach: 'syscall/openat' });
  expect(mine[0]?.['runsPerSecond']).toBeGreaterThan(0);
  expect(mine[0]?.['averageNs']).toBeGreaterThan(0);
});
