import { encodeRecord } from '../../capture/encodeRecord.ts';
import { delayedUnlinkPoint } from '../../probe/delayedUnlink/delayedUnlinkPoint.ts';
import type { UnlinkSubject } from './unlinkHooks.ts';

/**
 * - Held: who deletes it was told that it is gone, and it is still there. WouldHold: in mode Observe.
 * - Deleted: the agent has done it now; why it could go is why.
 * - LetGo: it is no longer kept, and stays where it is: it is not the agent's to delete any more.
 * - Passed: it was deleted at once, although it was to be kept.
 */
export interface FileEvent {
  action: 'Held' | 'WouldHold' | 'Deleted' | 'LetGo' | 'Passed';
  why: string;
  /** As the node calls it. */
  path: string;
  /** Bytes. */
  size: bigint | undefined;
  /** Bytes that the shipper had not read; undefined: its notes do not say. */
  unread: bigint | undefined;
  /** Since it was to be deleted, ns; undefined: it never was. */
  age: bigint | undefined;
  inode: bigint;
  /** Who deleted it. */
  by: Pick<UnlinkSubject, 'pid' | 'uid' | 'comm' | 'cgroup'>;
}

const point = delayedUnlinkPoint('');

/** The event as a record of its probe's point. */
export function encodeFileEvent({ action, why, path, size, unread, age, inode, by }: FileEvent): Buffer {
  const { pid, uid, comm, cgroup } = by;
  const origin = { time: 0n, pid, tid: pid, ppid: 0, uid, gid: uid, cgroup, comm };
  return encodeRecord(point, origin, [action, why, path, size, unread, age, inode]);
}
