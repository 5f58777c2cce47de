import { expect, test } from '@jest/globals';
import { capabilityNumbers, requireTracing, type Machine } from './requireTracing.ts';

const { CAP_SYS_ADMIN, CAP_BPF, CAP_PERFMON } = capabilityNumbers;
const bits = (...numbers: bigint[]): bigint => numbers.reduce((all, bit) => all | (1n << bit), 0n);

const machine: Machine = {
  platform: 'linux',
  release: '6.1.0-32-amd64',
  uid: 0,
  capabilities: bits(CAP_BPF, CAP_PERFMON),
};

test('Linux 6.1 with CAP_BPF and CAP_PERFMON will do, as any user', () => {
  expect(() => {
    requireTracing({ ...machine, uid: 1000 });
  }).not.toThrow();
});

test('CAP_SYS_ADMIN stands for both', () => {
  expect(() => {
    requireTracing({ ...machine, capabilities: bits(CAP_SYS_ADMIN) });
  }).not.toThrow();
});

test.each([
  ['another system', { platform: 'darwin' as const }, /traces a Linux kernel, and this is darwin/],
  ['an older kernel', { release: '5.15.0-91-generic' }, /needs Linux 6\.1 or later, and this is 5\.15/],
  ['the last kernel that is too old', { release: '6.0.19' }, /needs Linux 6\.1 or later/],
  ['a user without capabilities', { uid: 1000, capabilities: 0n }, /takes root, or CAP_BPF and CAP_PERFMON/],
  ['root in a container', { capabilities: bits(CAP_BPF) }, /this root lacks CAP_PERFMON, which/],
])('%s is refused in a sentence', (_, difference, sentence) => {
  expect(() => {
    requireTracing({ ...machine, ...difference });
  }).toThrow(sentence);
});

test('kernels after 6 are newer, not older', () => {
  expect(() => {
    requireTracing({ ...machine, release: '7.0.1' });
  }).not.toThrow();
});
