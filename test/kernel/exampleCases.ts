import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import type { ExpectedEvent } from '../../src/testing/index.ts';
import {
  attemptConnection,
  closedPort,
  connectInVain,
  connectToServer,
  execute,
  exhaustMemory,
  memoryCgroup,
  seize,
  withSleeper,
} from './exampleActions.ts';

export interface ExampleCase {
  /** Of the file in examples/. */
  name: string;
  /** Causes events, in a directory of its own. */
  action: (directory: string) => unknown;
  /** These events, once the action has been taken. */
  expected: () => ExpectedEvent[];
  /** Why the action cannot be taken here. */
  impossible?: () => string | undefined;
}

const endsWith = (end: string) => (value: unknown) => typeof value === 'string' && value.endsWith(end);
const positive = (value: unknown) => typeof value === 'number' && value > 0;
const inOwnDirectory = (value: unknown) =>
  typeof value === 'string' && value.startsWith('traceprobe-examples-');

function remove(directory: string): void {
  writeFileSync(join(directory, 'removed'), '12345');
  execute('rm', [join(directory, 'removed')]);
}

function runShell(): void {
  execute('/bin/sh', ['-c', 'exit 7', 'first argument', 'second']);
}
const shellWasRun = (): ExpectedEvent[] => [
  { kind: 'exec', args: '/bin/sh -c exit 7 first argument second', argc: 5 },
  { kind: 'exit', comm: 'sh', exit_code: 7 },
];

/** Of the action before, for its events. */
let port = 0;
let refusing = 0;
let target = 0;

export const exampleCases: ExampleCase[] = [
  {
    name: 'processes',
    action: runShell,
    expected: shellWasRun,
  },
  {
    name: 'exec-in-namespace',
    action: runShell,
    expected: shellWasRun,
  },
  {
    name: 'hello',
    action: () => {
      execute('/bin/true');
    },
    expected: () => [{ filename: '/bin/true' }],
  },
  {
    name: 'execve',
    action: () => {
      execute('/bin/echo', ['one', 'two words']);
    },
    expected: () => [{ filename: '/bin/echo', arguments: '/bin/echo one two words' }],
  },
  {
    name: 'ksyscall-execve',
    action: () => {
      execute('/bin/echo', ['three']);
    },
    expected: () => [{ filename: '/bin/echo', arguments: '/bin/echo three' }],
  },
  {
    name: 'slow-opens',
    action: (at) => {
      execute('cat', [join(at, 'missing')]);
    },
    expected: () => [{ filename: endsWith('/missing'), retval: -2, duration: positive, comm: 'cat' }],
  },
  {
    name: 'failed-opens',
    action: (at) => {
      writeFileSync(join(at, 'no-directory'), '');
      execute('cat', [join(at, 'no-directory/file')]);
    },
    expected: () => [{ filename: endsWith('/no-directory/file'), retval: -20, comm: 'cat' }],
  },
  {
    name: 'slow-calls',
    action: (at) => {
      execute('sh', ['-c', 'mkfifo pipe; (sleep 0.3; echo > pipe) & exec cat pipe'], { cwd: at });
    },
    expected: () => [
      { point: 'openat', filename: 'pipe', comm: 'cat', duration: (value: number) => value > 100e6 },
    ],
  },
  {
    name: 'slow-syncs',
    action: () => {
      execute('sync', ['/dev/null']);
    },
    expected: () => [{ point: 'fsync', retval: -22, duration: positive, comm: 'sync' }],
  },
  {
    name: 'deletions',
    action: (at) => {
      remove(at);
      writeFileSync(join(at, 'unlinked'), '');
      unlinkSync(join(at, 'unlinked'));
    },
    expected: () => [
      { point: 'unlinkat', path: endsWith('/removed'), retval: 0, comm: 'rm' },
      { point: 'unlink', path: endsWith('/unlinked'), retval: 0, pid: process.pid },
    ],
  },
  {
    name: 'do-unlinkat',
    action: remove,
    expected: () => [{ filename: endsWith('/removed'), dfd: -100, comm: 'rm' }],
  },
  {
    name: 'vfs-unlink',
    action: remove,
    expected: () => [{ name: 'removed', directory: inOwnDirectory, bytes: 5, links: 1, comm: 'rm' }],
  },
  {
    name: 'file-created',
    action: (at) => {
      writeFileSync(join(at, 'created'), '', { mode: 0o600 });
    },
    expected: () => [
      { name: 'created', directory: inOwnDirectory, mode: (value: number) => (value & 0o777) === 0o600 },
    ],
  },
  {
    name: 'vfs-io',
    action: (at) => {
      const fd = openSync(join(at, 'written'), 'w');
      writeSync(fd, Buffer.alloc(100_000));
      closeSync(fd);
    },
    expected: () => [{ point: 'write', name: 'written', bytes: 100_000, duration: positive }],
  },
  {
    name: 'lsm-file-open',
    action: (at) => {
      mkdirSync(join(at, 'deep'));
      writeFileSync(join(at, 'deep', 'opened'), '');
    },
    expected: () => [
      {
        path: (value: string) => /\/traceprobe-examples-\w+\/deep\/opened$/.test(value),
        flags: (value: number) => (value & 3) === 1,
      },
    ],
  },
  {
    name: 'libc-uprobe',
    action: () => {
      execute('getent', ['ahosts', 'localhost']);
    },
    expected: () => [{ host: 'localhost', comm: 'getent' }],
  },
  {
    name: 'shell-lines',
    action: () => {
      // In a session of its own: an interactive shell would take the terminal.
      execute('setsid', ['--wait', 'bash', '--norc', '-i'], {
        ...{ input: 'true typed here\nexit\n', stdio: ['pipe', 'ignore', 'ignore'], env: { HISTFILE: '' } },
      });
    },
    expected: () => [{ line: 'true typed here', comm: 'bash' }],
  },
  {
    name: 'forks',
    action: () => {
      execute('sh', ['-c', '(true); (true)']);
    },
    expected: () => [{ comm: 'sh', child: positive }],
  },
  {
    name: 'oom-kills',
    action: () => {
      const cgroup = memoryCgroup();
      if (cgroup !== undefined) exhaustMemory(cgroup);
    },
    expected: () => [{ victim: positive, comm: 'tail' }],
    impossible: () => (memoryCgroup() === undefined ? 'no cgroup here can limit memory' : undefined),
  },
  {
    name: 'signals',
    action: () =>
      withSleeper((pid) => {
        target = pid;
        process.kill(pid, 'SIGTERM');
      }),
    expected: () => [{ sig: 15, target, target_comm: 'sleep', pid: process.pid }],
  },
  {
    name: 'ptrace',
    action: () =>
      withSleeper((pid) => {
        target = pid;
        seize(pid);
      }),
    expected: () => [{ point: 'attach', target, retval: 0, comm: 'perl' }],
  },
  {
    name: 'setuid',
    action: () => {
      execute('/bin/true', [], { uid: 65534, cwd: '/' });
    },
    expected: () => [{ point: 'setuid', to: 65534, retval: 0 }],
  },
  {
    name: 'missing-capabilities',
    action: () => {
      execute('/usr/sbin/chroot', ['/', '/bin/true'], { uid: 65534, cwd: '/' });
    },
    expected: () => [{ cap: 18, comm: 'chroot' }],
  },
  {
    name: 'mounts',
    action: (at) => {
      const directory = join(at, 'mounted');
      mkdirSync(directory);
      execute('mount', ['-t', 'tmpfs', 'example', directory]);
      execute('umount', [directory]);
      rmSync(directory, { recursive: true });
    },
    expected: () => [
      { point: /^(mount|move-mount)$/, at: endsWith('/mounted'), retval: 0, comm: 'mount' },
      { point: 'umount', at: endsWith('/mounted'), retval: 0, comm: 'umount' },
    ],
  },
  {
    name: 'module-loads',
    action: () => {
      execute('modprobe', ['dummy']);
    },
    expected: () => [{ module: 'dummy', taints: 0, comm: 'modprobe' }],
    impossible: () =>
      existsSync(`/lib/modules/${release()}/modules.dep`) ? undefined : 'there are no modules for it here',
  },
  {
    name: 'tcp-connects',
    action: async () => {
      port = await connectToServer();
    },
    expected: () => [{ address: '::ffff:127.0.0.1', port, pid: process.pid }],
  },
  {
    name: 'tcp-trouble',
    action: async () => {
      refusing = await closedPort();
      await attemptConnection('127.0.0.1', refusing);
      port = await connectInVain();
    },
    expected: () => [
      { point: 'reset', remote: '::ffff:127.0.0.1', remote_port: refusing },
      { point: 'retransmit', remote: '::ffff:127.0.0.1', remote_port: port, state: 2 },
    ],
  },
  {
    name: 'failed-connects',
    action: () => attemptConnection('224.0.0.1', 9),
    expected: () => [{ retval: -101, pid: process.pid }],
  },
];
