import { addon } from './addon.ts';

/**
 * Resolves when every tracepoint, kprobe, uprobe or XDP program that was running has ended: an RCU grace period
 * (membarrier(2), MEMBARRIER_CMD_GLOBAL), 10 to 100 ms on a thread of libuv. After a prog-array slot was deleted
 * nothing runs the program that was in it once this resolves. It says nothing of sleepable programs.
 */
export function synchronize(): Promise<void> {
  return addon().synchronize();
}
