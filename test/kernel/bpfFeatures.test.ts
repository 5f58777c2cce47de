import { afterEach, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { featureNames, KernelFeatures } from '../../src/bpf/index.ts';
import { openBpfFds } from './openFds.ts';

afterEach(() => {
  expect(openBpfFds()).toEqual([]);
});

/** Boot with lsm=lockdown,bpf lockdown=confidentiality to see this true. */
const lockedDown =
  existsSync('/sys/kernel/security/lockdown') &&
  readFileSync('/sys/kernel/security/lockdown', 'utf8').includes('[confidentiality]');

test('every kernel that is supported has these', () => {
  using features = new KernelFeatures();
  for (const name of [
    'rawTracepoint',
    'ringBuffer',
    'dynptr',
    'taskStorage',
    'attachCookie',
    'readUserMemory',
    'statistics',
  ] as const) {
    expect([name, features.probe(name)]).toEqual([
      name,
      { supported: true, reason: undefined, error: undefined },
    ]);
  }
});

test('what is not supported has a reason', () => {
  using features = new KernelFeatures();
  const all = features.probeAll();
  expect(Object.keys(all)).toEqual([...featureNames]);
  for (const [name, { supported, reason, error }] of Object.entries(all)) {
    expect([name, reason !== undefined, error !== undefined]).toEqual([name, !supported, !supported]);
  }
});

test('lockdown for confidentiality takes tracefs, kprobes and kernel memory away, and is named as the cause', () => {
  using features = new KernelFeatures();
  for (const name of ['tracepoint', 'readKernelMemory'] as const) {
    expect([name, features.probe(name).supported]).toEqual([name, !lockedDown]);
    if (lockedDown)
      expect(features.probe(name).reason).toMatch(/the kernel is locked down \(confidentiality\)/);
  }
});

test('kprobes are there exactly where the kernel has a unit for them and no lockdown', () => {
  using features = new KernelFeatures();
  const there = existsSync('/sys/bus/event_source/devices/kprobe');
  expect(features.probe('kprobe').supported).toBe(there && !lockedDown);
  expect(features.probe('kretprobe').supported).toBe(there && !lockedDown);
  if (there && lockedDown) expect(features.probe('kprobe').reason).toMatch(/locked down \(confidentiality\)/);
  if (!there) expect(features.probe('kprobe').reason).toMatch(/this kernel was built without kprobes/);
});

test('LSM programs run exactly where bpf is an active LSM', () => {
  using features = new KernelFeatures();
  const list = '/sys/kernel/security/lsm';
  const active = existsSync(list) && readFileSync(list, 'utf8').split(',').includes('bpf');
  expect(features.probe('lsm').supported).toBe(active);
});

test('override is there exactly where system calls are on the error injection list', () => {
  using features = new KernelFeatures();
  const list = '/sys/kernel/debug/error_injection/list';
  const injectable = existsSync(list) && /_sys_(rmdir|unlinkat)\b/.test(readFileSync(list, 'utf8'));
  expect(features.probe('kprobeOverride').supported).toBe(injectable && !lockedDown);
});

test('an answer is kept for as long as the instance lives', () => {
  using features = new KernelFeatures();
  expect(features.probe('uprobe')).toBe(features.probe('uprobe'));
  expect(() => features.probe('magic' as never)).toThrow(
    /KernelFeatures\.probe: feature must be one of attachCookie, .*, not "magic"/,
  );
});

test('without capabilities nothing is supported and the error says which are needed', () => {
  const script = `
    import { KernelFeatures } from ${JSON.stringify(new URL('../../src/bpf/index.ts', import.meta.url).href)};
    const { supported, error } = new KernelFeatures().probe('rawTracepoint');
    console.log(supported, error?.errnoName, error?.hint);`;
  const args = [
    '--bounding-set=-all',
    '--inh-caps=-all',
    '--',
    process.execPath,
    '--input-type=module',
    '-e',
    script,
  ];
  const { stdout, stderr } = spawnSync('setpriv', args, { encoding: 'utf8' });
  expect([stdout, stderr]).toEqual([expect.stringMatching(/^false EPERM .*CAP_BPF and CAP_PERFMON/), '']);
});
