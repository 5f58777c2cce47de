import type { CType } from './cType.ts';

/** What a program sees at a hook: the names that captures and filters may use there. */
export interface HookValues {
  /** For messages: `system call openat`, `function vfs_unlink`, `tracepoint sched/sched_switch`. */
  what: string;
  /** 'argument' or 'field': what args are called at this hook. */
  noun: 'argument' | 'field';
  args: HookArgument[];
  /** So many arguments can be had by number (args[N]) even if `args` does not name them. */
  untyped: number;
  /** C type of the result; undefined where the hook has none. */
  retval: CType | undefined;
  /** Why there is no retval or duration, to go on after "…: "; undefined where there is. */
  withoutReturn: string | undefined;
  /** Plain pointers lead to user memory: arguments of system calls and of user-space functions. */
  userPointers: boolean;
}

export interface HookArgument {
  /** Empty: known by number only. */
  name: string;
  type: CType;
  at: ArgumentPlace;
  /** Names of values that only the tracepoint's format tells. */
  symbols?: Record<string, bigint>;
  /** What its bytes stand for: an IP address, a struct sockaddr. */
  prints?: 'ip' | 'sockaddr';
  /** A character pointer that is followed by its length: a buffer, not a string. */
  buffer?: boolean;
  /** Why it cannot be read, in words. */
  unreadable?: string;
}

export type ArgumentPlace =
  /** The index-th 64-bit word the calling convention passes. */
  | { source: 'argument'; index: number }
  /** In the tracepoint's record: `offset` from its start. */
  | { source: 'context'; offset: number }
  /** Elsewhere in the record, told by the __data_loc or __rel_loc word at `offset`. */
  | { source: 'dataLoc' | 'relLoc'; offset: number };
