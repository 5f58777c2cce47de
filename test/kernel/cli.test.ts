import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { KernelFeatures, type FeatureName } from '../../src/bpf/index.ts';
import { cli } from './cliInProcess.ts';

let directory: string;
let features: KernelFeatures;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-cli-'));
  features = new KernelFeatures();
});

afterAll(() => {
  features.close();
  rmSync(directory, { recursive: true });
});

const has = (name: FeatureName): boolean => features.probe(name).supported;

/** The TraceProbe that explain prints at its end. */
function exampleIn(stdout: string): string {
  const [, yaml = ''] = stdout.split(/file:\n\n/);
  return yaml.replaceAll(/^ {2}/gm, '');
}

test('doctor says of each feature what trying it says', async () => {
  const { status, stdout } = await cli('doctor', '-o', 'json');
  expect(status).toBe(0);
  const report = JSON.parse(stdout) as { canTrace: boolean; findings: { name: string; status: string }[] };
  const found = Object.fromEntries(report.findings.map(({ name, status: is }) => [name, is === 'ok']));
  expect(report.canTrace).toBe(true);
  expect(found).toMatchObject({
    ...{ kernel: true, capabilities: true, BTF: true, tracefs: true },
    ...{
      tracepoints: has('tracepoint'),
      kprobes: has('kprobe'),
      fexit: has('fexit'),
      'LSM hooks': has('lsm'),
    },
  });
});

test('doctor tells people the consequence of what is missing', async () => {
  const { stdout } = await cli('doctor');
  expect(stdout).toContain(`Linux ${release()}`);
  if (!has('kprobe')) expect(stdout).toMatch(/no {6}kprobes .*\n +→ no kprobe\/… and no ksyscall\/…/);
  else expect(stdout).toMatch(/ok {6}kprobes/);
});

test.each(['syscall/openat', 'tracepoint/sched/sched_process_exit', 'kprobe/vfs_unlink', 'processes'])(
  'the example that explain gives for %s is a valid TraceProbe',
  async (attach) => {
    const explained = await cli('explain', attach);
    expect(explained).toMatchObject({ status: 0, stderr: '' });
    const file = join(directory, `${attach.replaceAll('/', '-')}.yaml`);
    writeFileSync(file, exampleIn(explained.stdout));
    const checked = await cli('check', file);
    if (attach.startsWith('kprobe/') && !has('kprobe')) {
      expect(checked.status).toBe(1);
      expect(checked.stderr).toMatch(/^error: .*:7:15: kprobe\/vfs_unlink.* needs k(ret)?probes/);
    } else {
      expect(checked).toMatchObject({ status: 0, stderr: '' });
    }
  },
);

test('explain tells types, and what the hook does not see', async () => {
  const { stdout } = await cli('explain', 'syscall/openat');
  expect(stdout).toMatch(/^ {2}args\.filename {2}const char \* +String$/m);
  expect(stdout).toMatch(/^ {2}duration +nanoseconds +Duration$/m);
  expect(stdout).toContain('calls of 32-bit programs are not seen');
  expect(stdout).toContain('io_uring');
});

test('explain looks into structures, with this kernel’s members', async () => {
  const { stdout } = await cli('explain', 'kprobe/vfs_unlink', 'args.dentry');
  expect(stdout).toMatch(/^ {2}args\.dentry\.d_parent +struct dentry \* +Path$/m);
  expect(stdout).toMatch(/^ {2}args\.dentry\.d_inode +struct inode \* +\d+ members$/m);
});

test('explain says whether a function can be overridden, as far as this kernel tells', async () => {
  const { stdout } = await cli('explain', 'kprobe/vfs_unlink');
  expect(stdout).toMatch(
    /its result can(not)? be overridden|whether its result can be overridden is not known/,
  );
});

test('check says of every example what it became, or why not', async () => {
  const files = readdirSync('examples').map((name) => `examples/${name}`);
  const { stdout, stderr } = await cli('check', ...files);
  for (const file of files) expect(stdout + stderr).toContain(`${file}:`);
  expect(stdout).toMatch(
    /syscall\/leave {2}tracepoint syscalls\/sys_exit_openat +\d+ B +\d+ B +\d+ insns\n.*captures: filename String, retval Int64, duration Duration\n.*filtered in the kernel: retval < 0/,
  );
  if (has('fexit')) expect(stdout).toMatch(/trace\/\w+ +fexit vfs_read/);
  else expect(stderr).toMatch(/^error: examples\/vfs-io\.yaml:14:15: fexit\/vfs_read needs fexit/m);
});

test('list finds names of each kind, as attach wants them', async () => {
  expect((await cli('list', 'builtins')).stdout).toBe('processes\n');
  expect((await cli('list', 'tracepoints', 'sched/sched_process_ex*')).stdout).toContain(
    'tracepoint/sched/sched_process_exec\ntracepoint/sched/sched_process_exit\n',
  );
  expect((await cli('list', 'functions', 'vfs_unlink')).stdout).toContain('kprobe/vfs_unlink\n');
  const everywhere = (await cli('list', 'openat')).stdout.split('\n');
  expect(everywhere).toEqual(
    expect.arrayContaining(['syscall/openat', 'tracepoint/syscalls/sys_enter_openat']),
  );
});

test('a list of nothing is an error', async () => {
  const { status, stderr } = await cli('list', 'functions', 'no_such_function_at_all');
  expect(status).toBe(1);
  expect(stderr).toBe('error: nothing here matches no_such_function_at_all\n');
});
