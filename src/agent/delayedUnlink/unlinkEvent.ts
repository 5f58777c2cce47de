import { decodeFileKey, type FileKey } from './fileKey.ts';
import type { KernelStruct } from './kernelStruct.ts';

/** enum du_counter of bpf/include/delayed_unlink.h, in its order: what is counted a slot, and the types of events. */
export const unlinkCounters = [
  'marked',
  'notMarked',
  'held',
  'heldAgain',
  'wouldHold',
  'removed',
  'refused',
  'letGo',
  'reopened',
  'renamed',
  'overwritten',
  'lostEvents',
  'agentDead',
  'limitFiles',
  'limitBytes',
  'diskLow',
  'noRoom',
  'pathTooLong',
  'linked',
  'movedAway',
  'ruleGone',
] as const;
export type UnlinkCounter = (typeof unlinkCounters)[number];

/** Why a marked file was deleted at once. */
export const passReasons = unlinkCounters.slice(unlinkCounters.indexOf('agentDead')) as PassReason[];
export type PassReason =
  | 'agentDead'
  | 'limitFiles'
  | 'limitBytes'
  | 'diskLow'
  | 'noRoom'
  | 'pathTooLong'
  | 'linked'
  | 'movedAway'
  | 'ruleGone';

/** A file at the moment of an event, and who caused it. */
export interface UnlinkSubject {
  key: FileKey;
  slot: number;
  /** The root that it lay beneath, and its path from there; undefined: not told (it is no longer beneath one). */
  root: FileKey | undefined;
  path: string | undefined;
  /** Bytes of the file, and what it takes of the disk. */
  size: bigint;
  bytes: bigint;
  /** CLOCK_MONOTONIC ns, as process.hrtime.bigint(). */
  time: bigint;
  /** Who created, deleted or opened it: in the host's numbers. */
  pid: number;
  uid: number;
  comm: string;
  /** Its cgroup in the v2 hierarchy. */
  cgroup: bigint;
}

/**
 * - Marked: a file that matches a rule was created. NotMarked: likewise, but there was no room.
 * - Held: it was unlinked, the caller was told that it is gone, and it is still there. WouldHold: in mode Observe.
 * - Passed: it was unlinked and really went, for the reason.
 * - Reopened: a held file was opened for writing; Renamed: it got another name. The hold has ended, and the file is
 *   unread as before: unlinked again, it is held again.
 * - Overwritten: another file was renamed over it.
 */
export type UnlinkEvent = UnlinkSubject &
  (
    | { type: 'Marked' | 'NotMarked' | 'Held' | 'WouldHold' | 'Reopened' | 'Renamed' | 'Overwritten' }
    | { type: 'Passed'; reason: PassReason }
  );

const types: Partial<Record<UnlinkCounter, Exclude<UnlinkEvent['type'], 'Passed'>>> = {
  marked: 'Marked',
  notMarked: 'NotMarked',
  held: 'Held',
  wouldHold: 'WouldHold',
  reopened: 'Reopened',
  renamed: 'Renamed',
  overwritten: 'Overwritten',
};

/** @param record struct du_record */
export function decodeSubject(struct: KernelStruct, record: Buffer): UnlinkSubject {
  const names = struct.bytes(record, 'path').subarray(0, struct.number(record, 'path_bytes'));
  const root = decodeFileKey(struct.bytes(record, 'root'));
  return {
    key: decodeFileKey(struct.bytes(record, 'file')),
    slot: struct.number(record, 'slot'),
    root: names.length > 0 ? root : undefined,
    path: names.length > 0 ? names.toString('utf8').split('\0').slice(0, -1).reverse().join('/') : undefined,
    size: struct.get(record, 'size'),
    bytes: struct.get(record, 'bytes'),
    time: struct.get(record, 'time'),
    pid: struct.number(record, 'pid'),
    uid: struct.number(record, 'uid'),
    comm: struct.text(record, 'comm'),
    cgroup: struct.get(record, 'cgroup'),
  };
}

/** @param record struct du_record */
export function decodeEvent(struct: KernelStruct, record: Buffer): UnlinkEvent {
  const counter = unlinkCounters[struct.number(record, 'type')] ?? 'lostEvents';
  const subject = decodeSubject(struct, record);
  const type = types[counter];
  return type === undefined
    ? { ...subject, type: 'Passed', reason: counter as PassReason }
    : { ...subject, type };
}
