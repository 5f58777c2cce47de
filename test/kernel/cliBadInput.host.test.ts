import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from './cliInProcess.ts';
import { CliProcess, shellCommand } from './cliProcess.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-bad-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

const head = 'apiVersion: traceprobe.io/v1alpha1\nkind: TraceProbe\nmetadata: { name: bad }\n';

/** A probe of one point; `lines` are its lines from the fifth on. */
function point(...lines: string[]): string {
  return `${head}spec:\n  points:\n    - name: a\n${lines.map((line) => `      ${line}\n`).join('')}`;
}

function file(text: string, name = 'bad.yaml'): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

test.each([
  [
    'an unknown key',
    point('attach: syscall/openat', 'filtre: a'),
    '8:7',
    'unknown field',
    'did you mean "filter"?',
  ],
  ['a wrong type', `${head}spec: { points: 7 }\n`, '4:17', 'must be of type array', ''],
  [
    'two exclusive kinds',
    `${head}spec: { builtin: { name: processes }, points: [{ name: a, attach: syscall/openat }] }\n`,
    ...(['4:1', 'exactly one of', ''] as const),
  ],
  [
    'an unknown tracepoint',
    point('attach: tracepoint/sched/sched_swich'),
    ...(['7:15', 'has no tracepoint sched/sched_swich; did you mean sched/sched_switch', ''] as const),
  ],
  ['an unknown system call', point('attach: syscall/opnat'), '7:15', 'did you mean openat', ''],
  ['an unknown function', point('attach: kprobe/vfs_unlnk'), '7:15', 'vfs_unlink', ''],
  [
    'an unknown field',
    point('attach: syscall/openat', 'capture: [{ name: filname }]'),
    ...(['8:25', 'did you mean filename', ''] as const),
  ],
  [
    'a path through something that is no pointer',
    point('attach: syscall/openat', 'capture: [{ name: x, value: args.dfd.y }]'),
    ...(['8:44', 'no pointer and no structure', ''] as const),
  ],
  ['a filter that does not parse', point('attach: syscall/openat', "filter: 'retval <'"), '8:', '', '^'],
  [
    'a filter that compares a number with a string',
    point('attach: syscall/openat', 'filter: \'retval == "a"\''),
    ...(['8:', '', '^'] as const),
  ],
  [
    'what this kernel lacks',
    point('attach: lsm/file_open'),
    '7:15',
    'lsm/file_open needs BPF LSM programs',
    '',
  ],
])('%s is refused at its place, with what to do', async (_, text, place, sentence, hint) => {
  const path = file(text);
  const { status, stdout, stderr } = await cli('run', path);
  expect(status).toBe(1);
  expect(stdout).toBe('');
  const [first = '', ...rest] = stderr.split('\n');
  expect(first).toContain(`error: ${path}:${place}`);
  expect(first).toContain(sentence);
  expect(rest.join('\n')).toContain(hint);
});

test('everything that is wrong with several files is said at once', async () => {
  const bad = file(`${point('attach: syscall/openat', 'filtre: a')}---\n${point('atach: b')}`, 'one.yaml');
  const { stderr } = await cli('check', bad, file(point('attach: 7'), 'two.yaml'));
  expect(stderr.match(/^error: .*one\.yaml:\d+:\d+: /gm)?.length).toBeGreaterThanOrEqual(2);
  expect(stderr).toMatch(/^error: .*two\.yaml:7:15: /m);
});

test('everything that this kernel cannot do is said at once', async () => {
  const probes = ['syscall/opnat', 'tracepoint/sched/nothing', 'kprobe/no_such_function'];
  const text = probes.map((attach, index) =>
    point(`attach: ${attach}`).replace('name: bad', `name: p${index}`),
  );
  const { stderr } = await cli('run', file(text.join('---\n')));
  expect(stderr.match(/^error: /gm)).toHaveLength(3);
});

test('a filter of the command line is pointed at, once, however many probes it is for', async () => {
  const text = [0, 1].map((index) => point('attach: syscall/openat').replace('name: bad', `name: p${index}`));
  const { status, stderr } = await cli('run', file(text.join('---\n')), '--filter', 'pid == 1 && nme == 2');
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^error: --filter:1:13: there is no nme here\n {2}pid == 1 && nme == 2\n {14}\^\^\^\n/,
  );
  expect(stderr.match(/^error: /gm)).toHaveLength(1);
});

test('a target without its type comes with the hooks of that name', async () => {
  for (const command of [['explain'], ['run', '--attach']]) {
    const { status, stderr } = await cli(...command, 'openat');
    expect(status).toBe(1);
    expect(stderr).toMatch(/"openat" is not TYPE\/TARGET: .*\n {2}did you mean syscall\/openat\?\n/);
  }
});

test('options of an inline probe are named where they are wrong', async () => {
  const { stderr } = await cli('run', '--attach', 'syscall/openat', '--capture', 'filname');
  expect(stderr).toMatch(
    /^error: --capture filname: system call openat has no argument filname.*did you mean filename/,
  );
});

test.each([
  [
    'no such file',
    ['run', '/no/such/file.yaml'],
    1,
    '/no/such/file.yaml: cannot be read: there is no such file',
  ],
  ['a directory', ['run', '/etc'], 1, '/etc: is a directory'],
  ['a file without probes', ['run', '/dev/null'], 1, 'there is no TraceProbe in /dev/null'],
  ['no probe', ['run'], 2, 'say which probe: a FILE, or --attach'],
  ['an unknown command', ['rnu'], 2, "unknown command 'rnu'"],
  ['an unknown option', ['run', '--cuont', '3'], 2, '(Did you mean --count?)'],
  ['a count of nothing', ['run', '-', '--count', '0'], 2, 'It is a whole number from 1.'],
  ['no duration', ['run', '-', '--for', '1 minute'], 2, '"1 minute" is no duration'],
  ['no format', ['run', '-', '-o', 'xml'], 2, 'Allowed choices are table, json, csv, yaml, none.'],
  ['--capture for a file', ['run', 'a.yaml', '--capture', 'x'], 2, '--capture goes with --attach'],
  ['--watch for nothing', ['run', '-', '--watch'], 2, '--watch needs a FILE to watch'],
  ['an unknown kind of list', ['list', 'tracepoint', 'x'], 2, 'there is no kind tracepoint'],
])('%s: refused in a sentence, exit status %#', async (_, args, status, sentence) => {
  const result = await cli(...args);
  expect(result.status).toBe(status);
  expect(result.stderr).toContain(sentence);
  expect(result.stderr).toMatch(/^error: /);
});

test.each([
  ['another user', 'setpriv --reuid 65534 --clear-groups', 'takes root, or CAP_BPF and CAP_PERFMON'],
  [
    'root in a container',
    'setpriv --bounding-set=-all --inh-caps=-all',
    'this root lacks CAP_BPF and CAP_PERFMON',
  ],
])('%s learns which capabilities are missing', async (_, as, sentence) => {
  using process = new CliProcess('bash', [
    '-c',
    `${as} ${shellCommand(['run', '--attach', 'syscall/openat'])}`,
  ]);
  const { status, stderr } = await process.end();
  expect(status).toBe(1);
  expect(stderr).toContain(sentence);
  expect(stderr).toMatch(/^error: .*\n {2}.*\n$/);
});

test('doctor ends with status 1 where nothing can run', async () => {
  using process = new CliProcess('bash', [
    '-c',
    `setpriv --reuid 65534 --clear-groups ${shellCommand(['doctor'])}`,
  ]);
  const { status, stdout } = await process.end();
  expect(status).toBe(1);
  expect(stdout).toContain('MISSING capabilities');
  expect(stdout).toContain('Nothing can be traced here');
});

test('a file that quotes escape sequences does not get them onto the terminal', async () => {
  const { stderr } = await cli('check', file(point('attach: "syscall/\\e[2Jx"')));
  expect(stderr).not.toContain('\x1b');
  expect(stderr).toContain('error: ');
});
