import { readlinkSync } from 'node:fs';

/** A thread by its number in its own process namespace: in a container that is the only one that it knows. */
export interface Thread {
  /** Inode of the namespace. */
  pidNamespace: number;
  tid: number;
}

/**
 * The thread that calls: the one that makes the system calls of fs.…Sync, too.
 * @throws Error when /proc is not that of the own process namespace
 */
export function callingThread(): Thread {
  const self = readlinkSync('/proc/thread-self'); // "1234/task/1240"
  const namespace = readlinkSync('/proc/self/ns/pid'); // "pid:[4026531836]"
  const tid = Number(/\/task\/(\d+)$/.exec(self)?.[1]);
  const pidNamespace = Number(/^pid:\[(\d+)\]$/.exec(namespace)?.[1]);
  if (!(tid > 0) || !(pidNamespace > 0)) {
    throw new Error(`/proc does not tell this thread's number: '${self}', '${namespace}'`);
  }
  return { pidNamespace, tid };
}
