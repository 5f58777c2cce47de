import type { FilterBuiltin } from '../../cel/scope.ts';
import type { Hook, HookPrograms } from '../hook.ts';
import type { HookArgument } from '../hookValues.ts';
import type { KernelView } from '../kernelView.ts';
import { UnknownSyscallError, UnsupportedError } from '../planError.ts';
import type { Place } from '../planError.ts';
import { syscallArguments, syscallReturn } from '../syscallArguments.ts';
import { viaIoUring } from '../syscallFacts.ts';

/** A system call by its pair of tracepoints: sys_enter_NAME and sys_exit_NAME. */
export function syscallHook(wanted: string, kernel: KernelView, place: Place): Hook {
  const missing = kernel.tracefs.unavailable();
  if (missing !== undefined) {
    throw new UnsupportedError(place, 'tracefs', `system calls are found through tracefs: ${missing}`);
  }
  const name = tracepointNameOf(wanted, kernel);
  const args = syscallArguments(name, kernel);
  if (args === undefined) {
    throw new UnknownSyscallError(
      place,
      `this kernel (${kernel.release}, ${kernel.architecture}) has no system call ${wanted}`,
      wanted,
      kernel.tracefs.syscalls(),
    );
  }
  const notes = [
    'calls of 32-bit programs are not seen: the kernel reports only those of its own word size here',
  ];
  if (viaIoUring.has(name))
    notes.push('the same operation done through io_uring is no system call and is not seen');
  if (name !== wanted) notes.push(`the kernel calls this system call ${name}`);
  return {
    values: {
      what: `system call ${wanted}`,
      noun: 'argument',
      args,
      untyped: 0,
      retval: syscallReturn(),
      withoutReturn: NEVER_RETURN.has(name) ? 'the call never returns' : undefined,
      userPointers: true,
    },
    interrupts: false,
    notes,
    atReturn: false,
    returnOnly: false,
    ...facts(name),
    programs: ({ retval, duration }): HookPrograms =>
      retval || duration
        ? {
            programs: [
              {
                object: 'syscall',
                program: 'enter',
                role: 'entry',
                hook: { type: 'tracepoint', category: 'syscalls', name: `sys_enter_${name}` },
              },
              {
                object: 'syscall',
                program: 'leave',
                role: 'exit',
                hook: { type: 'tracepoint', category: 'syscalls', name: `sys_exit_${name}` },
              },
            ],
            notes: hasStrings(args) ? ['strings and buffers are read when the call returns'] : [],
          }
        : {
            programs: [
              {
                object: 'syscall',
                program: 'single',
                role: 'single',
                hook: { type: 'tracepoint', category: 'syscalls', name: `sys_enter_${name}` },
              },
            ],
            notes: [],
          },
  };
}

function hasStrings(args: HookArgument[]): boolean {
  return args.some((argument) => argument.type.kind === 'pointer');
}

/** Names of the C library whose kernel function is called otherwise (SYSCALL_DEFINE…). */
const OTHER_NAMES: Record<string, string | undefined> = {
  stat: 'newstat',
  lstat: 'newlstat',
  fstat: 'newfstat',
  fstatat: 'newfstatat',
  uname: 'newuname',
  umount2: 'umount',
  sendfile: 'sendfile64',
};

function tracepointNameOf(wanted: string, kernel: KernelView): string {
  const other = OTHER_NAMES[wanted];
  return other !== undefined && kernel.tracefs.format('syscalls', `sys_enter_${other}`) !== undefined
    ? other
    : wanted;
}

const NEVER_RETURN = new Set(['exit', 'exit_group']);

/** What a call does to its caller. */
export function facts(name: string): Pick<Hook, 'changedByCall' | 'memoryGoneAtReturn'> {
  const changed = CHANGED[name];
  const gone =
    `a successful ${name} replaces the program, so its arguments cannot be read any more when it returns: ` +
    `leave out retval and duration (syscall/${name} then records at the entry), or use builtin: processes, ` +
    'which records every exec with its arguments and every exit';
  return {
    ...(changed !== undefined && { changedByCall: new Set(changed) }),
    ...((name === 'execve' || name === 'execveat') && { memoryGoneAtReturn: gone }),
  };
}

const CHANGED: Record<string, FilterBuiltin[] | undefined> = {
  execve: ['comm', 'uid', 'gid', 'tid'],
  execveat: ['comm', 'uid', 'gid', 'tid'],
  prctl: ['comm', 'uid', 'gid'],
  setuid: ['uid'],
  setreuid: ['uid'],
  setresuid: ['uid'],
  setfsuid: ['uid'],
  setgid: ['gid'],
  setregid: ['gid'],
  setresgid: ['gid'],
  setfsgid: ['gid'],
};
