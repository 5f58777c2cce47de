import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { kernelConstants } from './constants.ts';

const headers =
  `fcntl.h sys/stat.h signal.h errno.h sched.h sys/mman.h sys/socket.h netinet/in.h netinet/tcp.h
  linux/capability.h linux/ptrace.h linux/bpf.h sys/mount.h sys/prctl.h sys/file.h unistd.h stdio.h`.split(
    /\s+/,
  );

/** Not in those headers, or other there than for a program in the kernel. */
const exceptions = new Set([
  'ERESTARTSYS',
  'ERESTARTNOINTR',
  'ERESTARTNOHAND',
  'ENOIOCTLCMD',
  'ERESTART_RESTARTBLOCK',
  'PTRACE_PEEKUSER',
  'PTRACE_POKEUSER',
  'TCP_NEW_SYN_RECV',
  // The C library keeps two for itself.
  'SIGRTMIN',
  // The C library says 0 where off_t is 64 bits anyway; the kernel sets it on every file.
  'O_LARGEFILE',
]);

test("every constant has the value that this architecture's C headers give it", () => {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
  const constants = [...kernelConstants(architecture)].filter(([name]) => !exceptions.has(name));
  const lines = constants.map(([name]) => `printf("${name} %lld\\n", (long long)${name});`);
  const source = [
    '#define _GNU_SOURCE',
    ...headers.map((header) => `#include <${header}>`),
    `int main() { ${lines.join('\n')} }`,
  ].join('\n');
  const directory = mkdtempSync(join(tmpdir(), 'constants-'));
  try {
    writeFileSync(join(directory, 'print.cc'), source);
    execFileSync('c++', ['-w', '-o', join(directory, 'print'), join(directory, 'print.cc')]);
    const printed = execFileSync(join(directory, 'print'), { encoding: 'utf8' });
    const ours = constants.map(([name, value]) => `${name} ${value}\n`).join('');
    expect(ours).toBe(printed);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('the flags of open that x86-64 and arm64 number differently are known for both', () => {
  const flags = ['O_DIRECTORY', 'O_NOFOLLOW', 'O_DIRECT', 'O_LARGEFILE'];
  const of = (architecture: 'x64' | 'arm64') =>
    flags.map((name) => kernelConstants(architecture).get(name)?.toString(8));
  expect(of('x64')).toEqual(['200000', '400000', '40000', '100000']);
  expect(of('arm64')).toEqual(['40000', '100000', '200000', '400000']);
});
