/** kretprobe is no equal of fexit. Measured: 200 sleepers on two CPUs, 200 seen by fexit, 10 by kretprobe. */
export const SLEEPERS_NOTE =
  'A kretprobe follows few calls at a time, so functions that sleep are missed: of 200 sleeping calls on two CPUs it ' +
  'saw 10 return. Entries whose return is not seen are counted as lost{unpaired}';

/** Kernel tracepoints of system calls leave out compat calls (trace_get_syscall_nr in kernel/trace/trace_syscalls.c). */
export const COMPAT_NOTE =
  'calls of 32-bit programs are not seen: the kernel reports only those of its own word size here';

export const IO_URING_NOTE = 'the same operation done through io_uring is no system call and is not seen';
