import { expect, test } from '@jest/globals';
import { capabilityNumbers, type Machine } from '../requireTracing.ts';
import type { Finding } from './findings.ts';
import { machineFindings } from './machineFindings.ts';

const machine: Machine = { platform: 'linux', release: '6.12.1', uid: 0, capabilities: 2n ** 41n - 1n };

const healthy: Record<string, string> = {
  '/proc/self/mounts':
    'tracefs /sys/kernel/tracing tracefs rw 0 0\nbpf /sys/fs/bpf bpf rw 0 0\ndebugfs /sys/kernel/debug debugfs rw 0 0\n',
  '/sys/kernel/security/lockdown': '[none] integrity confidentiality\n',
  '/sys/kernel/tracing/events/header_page': '',
  '/sys/kernel/btf/vmlinux': '',
  '/proc/sys/net/core/bpf_jit_enable': '1\n',
};

/** What is found on a healthy machine with these differences, by name. */
function found(
  files: Record<string, string | undefined> = {},
  differences: Partial<Machine> = {},
  pinDirectory?: string,
): Map<string, Finding> {
  const all: Record<string, string | undefined> = { ...healthy, ...files };
  const read = (path: string): string | undefined => all[path];
  const exists = (path: string): boolean => all[path] !== undefined;
  const findings = machineFindings({ ...machine, ...differences }, 'x64', { read, exists }, pinDirectory);
  return new Map(findings.map((finding) => [finding.name, finding]));
}

test('a healthy machine has nothing to complain about', () => {
  for (const { status, consequence } of found().values())
    expect([status, consequence]).toEqual(['ok', undefined]);
});

test.each([
  [
    'lockdown=confidentiality',
    '/sys/kernel/security/lockdown',
    'none integrity [confidentiality]',
    'lockdown',
    /kernel memory cannot be read/,
  ],
  ['tracefs that is not mounted', '/proc/self/mounts', '', 'tracefs', /mount -t tracefs tracefs/],
  [
    'tracefs that may not be read',
    '/sys/kernel/tracing/events/header_page',
    undefined,
    'tracefs',
    /takes root/,
  ],
  ['bpffs that is not mounted', '/proc/self/mounts', '', 'bpffs', /mount -t bpf bpf \/sys\/fs\/bpf/],
  [
    'a BPF JIT that is off',
    '/proc/sys/net/core/bpf_jit_enable',
    '0\n',
    'BPF JIT',
    /fentry and fexit do not work/,
  ],
])('%s limits what works, and the consequence is told', (_, path, text, name, consequence) => {
  const finding = found({ [path]: text }).get(name);
  expect(finding?.status).toBe('limited');
  expect(finding?.consequence).toMatch(consequence);
});

test('without BTF nothing works', () => {
  expect(found({ '/sys/kernel/btf/vmlinux': undefined }).get('BTF')?.status).toBe('missing');
});

test('without CAP_BPF nothing works, without others something does not', () => {
  const { CAP_BPF, CAP_PERFMON } = capabilityNumbers;
  const without = found({}, { capabilities: (1n << CAP_PERFMON) | 0n });
  expect(without.get('capabilities')).toMatchObject({ status: 'missing', found: 'without CAP_BPF' });
  const few = found({}, { capabilities: (1n << CAP_BPF) | (1n << CAP_PERFMON) });
  expect(few.get('capabilities')?.status).toBe('ok');
  expect(few.get('CAP_SYS_ADMIN')?.consequence).toContain('cpuPercentPerNode is not kept');
});

test('another system and an older kernel are named', () => {
  expect(found({}, { release: '5.15.0' }).get('kernel')?.consequence).toContain('needs Linux 6.1');
  expect(found({}, { platform: 'darwin' }).get('kernel')?.status).toBe('missing');
});

test('in a pod, bpffs is looked for where counters are pinned', () => {
  const mounts = { '/proc/self/mounts': 'none /run/traceprobe/bpf bpf rw 0 0\n' };
  expect(found(mounts, {}, '/run/traceprobe/bpf').get('bpffs')?.status).toBe('ok');
  expect(found(mounts, {}, '/run/traceprobe/bpf/node').get('bpffs')?.found).toBe('/run/traceprobe/bpf');
  expect(found(mounts).get('bpffs')?.status).toBe('limited');
  expect(found({}, {}, '/run/traceprobe/bpf').get('bpffs')?.found).toBe('not mounted at /run/traceprobe/bpf');
});
