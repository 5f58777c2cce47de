import { expect, test } from '@jest/globals';
import { matcher } from './matcher.ts';

test.each([
  [undefined, 'sched/sched_switch', true],
  ['switch', 'sched/sched_switch', true],
  ['SWITCH', 'sched/sched_switch', true],
  ['sched/*', 'sched/sched_switch', true],
  ['sched/*', 'sched_ext/dump', false],
  ['vfs_*', 'do_vfs_ioctl', false],
  ['vfs_?ead', 'vfs_read', true],
  ['vfs_[rw]*', 'vfs_write', true],
  ['vfs_[!rw]*', 'vfs_write', false],
  ['a.b*', 'axb', false],
  ['(*', '(a', true],
])('%s and %s: %s', (pattern, name, matches) => {
  expect(matcher(pattern)(name)).toBe(matches);
});
