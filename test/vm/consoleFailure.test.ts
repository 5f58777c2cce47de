import { expect, test } from '@jest/globals';
import { consoleFailure } from './consoleFailure.ts';

test('a quiet console tells nothing', () => {
  expect(consoleFailure('[    2.4] 9pnet: Limiting msize\n')).toBeUndefined();
});

test('a panic is told with its line', () => {
  const log =
    '[    5.0] sysrq: Trigger a crash\r\n[    5.1] Kernel panic - not syncing: sysrq triggered crash\r\n';
  expect(consoleFailure(log)).toBe(
    'the kernel panicked: [    5.1] Kernel panic - not syncing: sysrq triggered crash',
  );
});

test('an oops is more telling than the panic that follows it', () => {
  const log = [
    '[    7.0] BUG: kernel NULL pointer dereference, address: 0000000000000008',
    '[    7.1] Oops: 0000 [#1] PREEMPT SMP',
    '[    7.2] Kernel panic - not syncing: Fatal exception',
  ].join('\n');
  expect(consoleFailure(log)).toMatch(/^the kernel oopsed: .*NULL pointer dereference/);
});

test('a lock-up is a hang', () => {
  expect(consoleFailure('watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [node:201]')).toMatch(
    /^the kernel hung/,
  );
});
