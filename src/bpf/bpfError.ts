/** What the addon tells of a refused system call or libbpf call. */
export interface BpfErrorFields {
  /** What was tried, on which value: "pin map 'counts' to /sys/fs/bpf/x". */
  attempted: string;
  /** The errno, positive; 4000 and up are libbpf's own (libbpf.h, enum libbpf_errno). */
  errno: number;
  /** Its name: "EPERM"; of libbpf's own without the prefix: "FORMAT". */
  errnoName: string;
  /** What the C library or libbpf calls it: "Operation not permitted". */
  errnoText: string;
  /** The warnings that libbpf printed meanwhile, one line or more each. */
  details?: readonly string[];
}

/** The usual causes, in words that say what to do. Kernel sources and bpf(2) say which call gives which. */
const hints: Readonly<Record<string, string>> = {
  EPERM:
    'the process needs CAP_BPF and CAP_PERFMON (or root); a container may also be stopped by its seccomp profile, and a locked-down kernel forbids reading its memory',
  EACCES:
    'the process lacks a capability or the file a permission; of a program it means that the verifier refused it',
  E2BIG:
    'too large for this kernel: a program of more than one million verified instructions, or a map of more entries than memory allows',
  ENOENT:
    'there is no such function, tracepoint, file, map element or BTF type on this kernel: is the name spelt as /proc/kallsyms or tracefs spell it, and is tracefs mounted?',
  EEXIST: 'something of that name or key exists already: remove it first, or choose another',
  ENOMEM: 'not enough memory, or the memory limit of the cgroup: make the maps smaller',
  EINVAL: 'this kernel does not know the request, or a size, flag or type in it does not fit',
  EBUSY: 'it is in use, frozen or loaded already',
  ENOSPC: 'the map is full, or the log buffer too small for the verifier’s log',
  EOPNOTSUPP: 'this kernel cannot do that: it was built without the feature, or is too old for it',
  ENOTSUPP: 'this kernel cannot do that: it was built without the feature, or is too old for it',
  ESRCH: 'the kernel’s BTF has no such function or type, or the process is gone',
  ENODEV: 'this kernel was built without that hook',
  EBADF: 'the file descriptor is closed, or not of the kind that is needed',
  FORMAT: 'the file is no BPF object: compile it with clang -target bpf -g',
  LIBELF: 'the file is no ELF object, or a truncated one',
  RELOC:
    'the object refers to a kernel type, field or symbol that this kernel lacks, or was compiled without -g',
};

/** A BPF system call or libbpf call that failed: what was tried, why it was refused, and what usually helps. */
export class BpfError extends Error {
  override readonly name: string = 'BpfError';
  readonly attempted: string;
  readonly errno: number;
  readonly errnoName: string;
  readonly details: readonly string[];
  /** What usually causes this errno and what to do; undefined for errnos without a usual cause. */
  readonly hint: string | undefined;

  constructor(fields: BpfErrorFields, message?: string) {
    const hint = hints[fields.errnoName];
    const details = fields.details ?? [];
    super(
      message ??
        `cannot ${fields.attempted}: ${fields.errnoText} (${fields.errnoName})` +
          (details.length > 0 ? `; ${details.join('; ')}` : '') +
          (hint === undefined ? '' : `. Hint: ${hint}`),
    );
    this.attempted = fields.attempted;
    this.errno = fields.errno;
    this.errnoName = fields.errnoName;
    this.details = details;
    this.hint = hint;
  }
}
