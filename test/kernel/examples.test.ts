import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FeatureName } from '../../src/bpf/index.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';
import { trace, type ExpectedEvent } from '../../src/testing/index.ts';

interface Example {
  name: string;
  /** What its hook takes. */
  needs: FeatureName;
  /** What the refusal names where the kernel does not have that. */
  refusal: string;
  /** The function it probes, which is not on every kernel. */
  probed?: string;
  /** Causes an event, in a directory of its own. */
  action: (directory: string) => void;
  /** That event. */
  expected: ExpectedEvent;
}

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-examples-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

function execute(...[program = '', ...args]: string[]): void {
  const { error } = spawnSync(program, args, { stdio: 'ignore' });
  if (error !== undefined) throw error;
}

function remove(at: string): void {
  writeFileSync(join(at, 'removed'), '12345');
  execute('rm', join(at, 'removed'));
}

const examples: Example[] = [
  {
    name: 'processes',
    needs: 'rawTracepoint',
    refusal: 'raw tracepoints',
    action: () => {
      execute('/bin/sh', '-c', 'exit 7', 'first argument', 'second');
    },
    expected: { kind: 'exec', args: '/bin/sh -c exit 7 first argument second', argc: 5 },
  },
  {
    name: 'hello',
    needs: 'tracepoint',
    refusal: 'tracepoint/syscalls/sys_enter_execve needs tracepoints',
    action: () => {
      execute('/bin/true');
    },
    expected: { filename: '/bin/true' },
  },
  {
    name: 'execve',
    needs: 'tracepoint',
    refusal: 'syscall/execve needs tracepoints',
    action: () => {
      execute('/bin/echo', 'one', 'two words');
    },
    expected: { filename: '/bin/echo', arguments: '/bin/echo one two words' },
  },
  {
    name: 'slow-opens',
    needs: 'tracepoint',
    refusal: 'syscall/openat needs tracepoints',
    action: (at) => {
      execute('cat', join(at, 'missing'));
    },
    expected: {
      filename: (value: string) => value.endsWith('/missing'),
      retval: -2,
      duration: (value: number) => value > 0,
      comm: 'cat',
    },
  },
  {
    name: 'do-unlinkat',
    needs: 'kprobe',
    refusal: 'kprobe/do_unlinkat needs kprobes',
    probed: 'do_unlinkat',
    action: remove,
    expected: { filename: (value: string) => value.endsWith('/removed'), dfd: -100, comm: 'rm' },
  },
  {
    name: 'vfs-unlink',
    needs: 'kprobe',
    refusal: 'kprobe/vfs_unlink needs kprobes',
    action: remove,
    expected: {
      name: 'removed',
      directory: (value: string) => value.startsWith('traceprobe-examples-'),
      bytes: 5,
      links: 1,
      comm: 'rm',
    },
  },
  {
    name: 'ksyscall-execve',
    needs: 'kprobe',
    refusal: 'ksyscall/execve needs kprobes',
    action: () => {
      execute('/bin/echo', 'three');
    },
    expected: { filename: '/bin/echo', arguments: '/bin/echo three' },
  },
  {
    name: 'file-created',
    needs: 'kprobe',
    refusal: 'kprobe/security_inode_create needs kprobes',
    probed: 'security_inode_create',
    action: (at) => {
      writeFileSync(join(at, 'created'), '', { mode: 0o600 });
    },
    expected: {
      name: 'created',
      directory: (value: string) => value.startsWith('traceprobe-examples-'),
      mode: (value: number) => (value & 0o777) === 0o600,
    },
  },
  {
    name: 'vfs-io',
    needs: 'fexit',
    refusal: 'fexit/vfs_read needs fexit',
    action: (at) => {
      const fd = openSync(join(at, 'written'), 'w');
      writeSync(fd, Buffer.alloc(100_000));
      closeSync(fd);
    },
    expected: { point: 'write', name: 'written', bytes: 100_000, duration: (value: number) => value > 0 },
  },
  {
    name: 'lsm-file-open',
    needs: 'lsm',
    refusal: 'lsm/file_open needs BPF LSM programs',
    action: (at) => {
      mkdirSync(join(at, 'deep'));
      writeFileSync(join(at, 'deep', 'opened'), '');
    },
    expected: {
      path: (value: string) => /\/traceprobe-examples-\w+\/deep\/opened$/.test(value),
      flags: (value: number) => (value & 3) === 1,
    },
  },
  {
    name: 'libc-uprobe',
    needs: 'uprobe',
    refusal: 'uprobe/getaddrinfo needs uprobes',
    action: () => {
      execute('getent', 'ahosts', 'localhost');
    },
    expected: { host: 'localhost', comm: 'getent' },
  },
];

test.each(examples)(
  'examples/$name.yaml shows its event, or says why this kernel cannot',
  async (example) => {
    const { name, needs, refusal, probed, action, expected } = example;
    const yaml = readFileSync(new URL(`../../examples/${name}.yaml`, import.meta.url), 'utf8');
    const tracing = trace(yaml).during(() => {
      action(directory);
    });
    using kernel = runningKernel();
    if (probed !== undefined && kernel.functions.find(probed) === undefined) {
      await expect(tracing).rejects.toThrow(`has no function ${probed}`);
    } else if (kernel.features.probe(needs).supported) {
      await tracing.expectEvent(expected);
    } else {
      await expect(tracing).rejects.toThrow(refusal);
    }
  },
);
