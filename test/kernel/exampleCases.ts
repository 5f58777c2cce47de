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
  /** Causes events, in a directory of its own, and says which. */
  cause: (directory: string) => ExpectedEvent[] | Promise<ExpectedEvent[]>;
  /** Why that cannot be done here. */
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

function runShell(): ExpectedEvent[] {
  execute('/bin/sh', ['-c', 'exit 7', 'first argument', 'second']);
  return [
    { kind: 'exec', args: '/bin/sh -c exit 7 first argument second', argc: 5 },
    { kind: 'exit', comm: 'sh', exit_code: 7 },
  ];
}

const filesAndDisks: ExampleCase[] = [
  {
    name: 'slow-opens',
    cause: (at) => {
      execute('cat', [join(at, 'missing')]);
      return [{ filename: endsWith('/missing'), retval: -2, duration: positive, comm: 'cat' }];
    },
  },
  {
    name: 'failed-opens',
    cause: (at) => {
      writeFileSync(join(at, 'no-directory'), '');
      execute('cat', [join(at, 'no-directory/file')]);
      return [{ filename: endsWith('/no-directory/file'), retval: -20, comm: 'cat' }];
    },
  },
  {
    name: 'slow-calls',
    cause: (at) => {
      execute('sh', ['-c', 'mkfifo pipe; (sleep 0.3; echo > pipe) & exec cat pipe'], { cwd: at });
      const duration = (value: number) => value > 100e6;
      return [{ point: 'openat', filename: 'pipe', comm: 'cat', duration }];
    },
  },
  {
    name: 'slow-syncs',
    cause: () => {
      execute('sync', ['/dev/null']);
      return [{ point: 'fsync', retval: -22, duration: positive, comm: 'sync' }];
    },
  },
  {
    name: 'deletions',
    cause: (at) => {
      remove(at);
      writeFileSync(join(at, 'unlinked'), '');
      unlinkSync(join(at, 'unlinked'));
      return [
        { point: 'unlinkat', path: endsWith('/removed'), retval: 0, comm: 'rm' },
        { point: 'unlink', path: endsWith('/unlinked'), retval: 0, pid: process.pid },
      ];
    },
  },
  {
    name: 'do-unlinkat',
    cause: (at) => {
      remove(at);
      return [{ filename: endsWith('/removed'), dfd: -100, comm: 'rm' }];
    },
  },
  {
    name: 'vfs-unlink',
    cause: (at) => {
      remove(at);
      return [{ name: 'removed', directory: inOwnDirectory, bytes: 5, links: 1, comm: 'rm' }];
    },
  },
  {
    name: 'file-created',
    cause: (at) => {
      writeFileSync(join(at, 'created'), '', { mode: 0o600 });
      const mode = (value: number) => (value & 0o777) === 0o600;
      return [{ name: 'created', directory: inOwnDirectory, mode }];
    },
  },
  {
    name: 'vfs-io',
    cause: (at) => {
      const fd = openSync(join(at, 'written'), 'w');
      writeSync(fd, Buffer.alloc(100_000));
      closeSync(fd);
      return [{ point: 'write', name: 'written', bytes: 100_000, duration: positive }];
    },
  },
  {
    name: 'lsm-file-open',
    cause: (at) => {
      mkdirSync(join(at, 'deep'));
      writeFileSync(join(at, 'deep', 'opened'), '');
      const flags = (value: number) => (value & 3) === 1;
      return [{ path: /\/traceprobe-examples-\w+\/deep\/opened$/, flags }];
    },
  },
  {
    name: 'mounts',
    cause: (at) => {
      const directory = join(at, 'mounted');
      mkdirSync(directory);
      execute('mount', ['-t', 'tmpfs', 'example', directory]);
      execute('umount', [directory]);
      rmSync(directory, { recursive: true });
      return [
        { point: /^(mount|move-mount)$/, at: endsWith('/mounted'), retval: 0, comm: 'mount' },
        { point: 'umount', at: endsWith('/mounted'), retval: 0, comm: 'umount' },
      ];
    },
  },
];

const processes: ExampleCase[] = [
  { name: 'processes', cause: runShell },
  { name: 'exec-in-namespace', cause: runShell },
  {
    name: 'hello',
    cause: () => {
      execute('/bin/true');
      return [{ filename: '/bin/true' }];
    },
  },
  {
    name: 'execve',
    cause: () => {
      execute('/bin/echo', ['one', 'two words']);
      return [{ filename: '/bin/echo', arguments: '/bin/echo one two words' }];
    },
  },
  {
    name: 'ksyscall-execve',
    cause: () => {
      execute('/bin/echo', ['three']);
      return [{ filename: '/bin/echo', arguments: '/bin/echo three' }];
    },
  },
  {
    name: 'shell-lines',
    cause: () => {
      // In a session of its own: an interactive shell would take the terminal.
      execute('setsid', ['--wait', 'bash', '--norc', '-i'], {
        ...{ input: 'true typed here\nexit\n', stdio: ['pipe', 'ignore', 'ignore'], env: { HISTFILE: '' } },
      });
      return [{ line: 'true typed here', comm: 'bash' }];
    },
  },
  {
    name: 'forks',
    cause: () => {
      execute('sh', ['-c', '(true); (true)']);
      return [{ comm: 'sh', child: positive }];
    },
  },
  {
    name: 'oom-kills',
    cause: () => {
      const cgroup = memoryCgroup();
      if (cgroup !== undefined) exhaustMemory(cgroup);
      return [{ victim: positive, comm: 'tail' }];
    },
    impossible: () => (memoryCgroup() === undefined ? 'no cgroup here can limit memory' : undefined),
  },
  {
    name: 'signals',
    cause: async () => {
      const target = await withSleeper((pid) => process.kill(pid, 'SIGTERM'));
      return [{ sig: 15, target, target_comm: 'sleep', pid: process.pid }];
    },
  },
  {
    name: 'ptrace',
    cause: async () => {
      const target = await withSleeper(seize);
      return [{ point: 'attach', target, retval: 0, comm: 'perl' }];
    },
  },
];

const rights: ExampleCase[] = [
  {
    name: 'setuid',
    cause: () => {
      execute('/bin/true', [], { uid: 65534, cwd: '/' });
      return [{ point: 'setuid', to: 65534, retval: 0 }];
    },
  },
  {
    name: 'missing-capabilities',
    cause: () => {
      execute('/usr/sbin/chroot', ['/', '/bin/true'], { uid: 65534, cwd: '/' });
      return [{ cap: 18, comm: 'chroot' }];
    },
  },
  {
    name: 'module-loads',
    cause: () => {
      execute('modprobe', ['dummy', 'numdummies=0']); // without an interface
      execute('modprobe', ['--remove', 'dummy']);
      return [{ module: 'dummy', taints: 0, comm: 'modprobe' }];
    },
    impossible: () => {
      if (!existsSync(`/lib/modules/${release()}/modules.dep`)) return 'there are no modules for it here';
      return existsSync('/sys/module/dummy') ? 'the module that would be loaded is there already' : undefined;
    },
  },
];

const network: ExampleCase[] = [
  {
    name: 'libc-uprobe',
    cause: () => {
      execute('getent', ['ahosts', 'localhost']);
      return [{ host: 'localhost', comm: 'getent' }];
    },
  },
  {
    name: 'tcp-connects',
    cause: async () => {
      const port = await connectToServer();
      return [{ address: '::ffff:127.0.0.1', port, pid: process.pid }];
    },
  },
  {
    name: 'tcp-trouble',
    cause: async () => {
      const closed = await closedPort();
      await attemptConnection('127.0.0.1', closed);
      const deaf = await connectInVain();
      return [
        { point: 'reset', remote: '::ffff:127.0.0.1', remote_port: closed },
        { point: 'retransmit', remote: '::ffff:127.0.0.1', remote_port: deaf, state: 2 },
      ];
    },
  },
  {
    name: 'failed-connects',
    cause: async () => {
      await attemptConnection('224.0.0.1', 9);
      return [{ retval: -101, pid: process.pid }];
    },
  },
];

/** Every file of examples/. */
export const exampleCases: readonly ExampleCase[] = [...filesAndDisks, ...processes, ...rights, ...network];
