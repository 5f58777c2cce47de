import { expect, test } from '@jest/globals';
import { missingMounts } from './mounts.js';

const proc = 'proc /proc proc rw,relatime 0 0\n';
const tracefs = 'tracefs /sys/kernel/tracing tracefs rw,relatime 0 0\n';
const bpffs = 'bpf /sys/fs/bpf bpf rw,relatime 0 0\n';

test('what is mounted is left alone', () => {
  expect(missingMounts(proc + tracefs + bpffs)).toEqual([]);
});

test('what is not mounted is named with its place', () => {
  expect(missingMounts(proc + tracefs)).toMatchObject([{ type: 'bpf', path: '/sys/fs/bpf' }]);
});

test('tracefs at its old place below debugfs does not count', () => {
  const old = 'tracefs /sys/kernel/debug/tracing tracefs rw 0 0\n';
  expect(missingMounts(old + bpffs)).toMatchObject([{ type: 'tracefs', path: '/sys/kernel/tracing' }]);
});
