import type { FilterBuiltin } from '../cel/scope.ts';
import type { Hook } from './hook.ts';
import type { HookValues } from './hookValues.ts';
import type { KernelView } from './kernelView.ts';

/**
 * System calls whose work can also be submitted through io_uring, which makes no system call of that name.
 * From the operations in include/uapi/linux/io_uring.h (6.18).
 */
export const viaIoUring: ReadonlySet<string> = new Set(
  (
    'accept accept4 bind close connect epoll_ctl epoll_wait fadvise64 fallocate fgetxattr fsetxattr fsync fdatasync ' +
    'ftruncate futex getxattr linkat listen madvise mkdirat openat openat2 pipe2 poll pread64 preadv preadv2 pwrite64 ' +
    'pwritev pwritev2 read readv recv recvfrom recvmsg renameat renameat2 send sendmsg sendto setxattr shutdown socket ' +
    'splice statx symlinkat sync_file_range tee unlinkat waitid write writev'
  ).split(' '),
);

/** Names of the C library and of man pages whose kernel function is called otherwise (SYSCALL_DEFINE…). */
const OTHER_NAMES: Record<string, string | undefined> = {
  stat: 'newstat',
  lstat: 'newlstat',
  fstat: 'newfstat',
  fstatat: 'newfstatat',
  uname: 'newuname',
  umount2: 'umount',
  sendfile: 'sendfile64',
};

/** What this kernel calls a system call, in tracefs and in the names of its wrappers. */
export function tracepointNameOf(wanted: string, kernel: Pick<KernelView, 'tracefs'>): string {
  const other = OTHER_NAMES[wanted];
  return other !== undefined && kernel.tracefs.format('syscalls', `sys_enter_${other}`) !== undefined
    ? other
    : wanted;
}

/** What a system call does to its caller, as far as it matters at its return. */
export function syscallEffects(name: string): {
  hook: Pick<Hook, 'changedByCall' | 'memoryGoneAtReturn'>;
  values: Pick<HookValues, 'withoutReturn'>;
} {
  const changed = CHANGED[name];
  const replacesProgram = name === 'execve' || name === 'execveat';
  return {
    hook: {
      ...(changed !== undefined && { changedByCall: new Set(changed) }),
      ...(replacesProgram && { memoryGoneAtReturn: memoryGone(name) }),
    },
    values: { withoutReturn: NEVER_RETURN.has(name) ? `${name} never returns` : undefined },
  };
}

function memoryGone(name: string): string {
  return (
    `a successful ${name} replaces the program, so the strings that its arguments point to cannot be read any more ` +
    `when it returns: leave out retval and duration (syscall/${name} then records at the entry), or use ` +
    'builtin: {name: processes}, which records every exec with its arguments and every exit'
  );
}

const NEVER_RETURN = new Set(['exit', 'exit_group', 'rt_sigreturn']);

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
