interface Hint {
  errnoName: string;
  /** Only for what was attempted in these words; left out: for everything else. */
  of?: RegExp;
  hint: string;
}

// The first that fits counts. bpf(2), perf_event_open(2) and the kernel's sources say which call gives which.
const hints: readonly Hint[] = [
  {
    errnoName: 'EPERM',
    of: /^attach|^open (k|u)(ret)?probe|^open tracepoint/,
    hint: 'attaching needs CAP_BPF and CAP_PERFMON; an old seccomp profile may refuse perf_event_open, and lockdown=confidentiality refuses kprobes',
  },
  {
    errnoName: 'EPERM',
    of: /^(update|delete|map the memory of)/,
    hint: 'the map is frozen, or read-only for this process',
  },
  {
    errnoName: 'EPERM',
    of: /^pin|^open the (map|link) pinned/,
    hint: 'pins live in a mounted bpffs (mount -t bpf bpf /sys/fs/bpf), in a directory that this process may write to, and need CAP_BPF',
  },
  {
    errnoName: 'EPERM',
    hint: 'the process needs CAP_BPF and CAP_PERFMON (or root); a container may also be stopped by its seccomp profile, and a locked-down kernel forbids reading its memory',
  },
  {
    errnoName: 'EACCES',
    of: /^attach|^open|^read/,
    hint: 'the file cannot be read by this process; tracefs is for root alone unless it was mounted otherwise',
  },
  {
    errnoName: 'EACCES',
    hint: 'the verifier refused the program, or the process lacks CAP_BPF or CAP_PERFMON',
  },
  {
    errnoName: 'E2BIG',
    of: /^(create|update)/,
    hint: 'the map is full or larger than the kernel allows: choose fewer entries, or delete some',
  },
  {
    errnoName: 'E2BIG',
    of: /^attach/,
    hint: 'the kernel runs at most 64 programs at one tracepoint or perf event, whoever attached them: stop one first',
  },
  {
    errnoName: 'E2BIG',
    hint: 'a program may have one million verified instructions, a map no more entries than memory allows, a name 15 characters',
  },
  { errnoName: 'ENOENT', of: /^open BPF object/, hint: 'there is no such file' },
  {
    errnoName: 'ENOENT',
    of: /pinned at|^unpin/,
    hint: 'there is no pin of that name, or bpffs is not mounted',
  },
  { errnoName: 'ENOENT', of: /^pin/, hint: 'the directory does not exist, or bpffs is not mounted' },
  {
    errnoName: 'ENOENT',
    of: /^load/,
    hint: 'a kernel function, type or symbol that the object names is not on this kernel',
  },
  {
    errnoName: 'ENOENT',
    hint: 'there is no such function, tracepoint, file or element here: is the name spelt as /proc/kallsyms or tracefs spell it?',
  },
  {
    errnoName: 'EEXIST',
    of: /^pin/,
    hint: 'something is pinned there already: remove it, or choose another path',
  },
  {
    errnoName: 'EEXIST',
    of: /^attach/,
    hint: 'the program, or another one that excludes it, is attached there already',
  },
  {
    errnoName: 'EEXIST',
    hint: 'something of that name or key exists already: remove it, or choose another',
  },
  {
    errnoName: 'ENOMEM',
    hint: 'not enough memory, or the cgroup’s memory limit, which BPF maps count towards: make the maps smaller',
  },
  { errnoName: 'EINVAL', of: /^open BPF object/, hint: 'the object is empty, or of another byte order' },
  {
    errnoName: 'EINVAL',
    of: /^create/,
    hint: 'the sizes or flags do not fit the map’s type (a ring buffer has no key and value and a power of two of pages), or this kernel does not know the type',
  },
  {
    errnoName: 'EINVAL',
    of: /^attach/,
    hint: 'the program’s type does not fit the hook, or this kernel cannot attach it there',
  },
  {
    errnoName: 'EINVAL',
    hint: 'this kernel does not know the request, or a size, flag or type in it does not fit',
  },
  {
    errnoName: 'EBUSY',
    hint: 'it is in use, frozen, mapped or loaded already, or as many programs are attached as the hook takes',
  },
  {
    errnoName: 'ENOSPC',
    of: /^(load|set the verifier)/,
    hint: 'the log buffer is too small for the verifier’s log',
  },
  { errnoName: 'ENOSPC', hint: 'there is no room left' },
  { errnoName: 'EOPNOTSUPP', hint: 'this kernel is too old for it, or was built without it' },
  { errnoName: 'ENOTSUPP', hint: 'this kernel is too old for it, or was built without it' },
  { errnoName: 'ESRCH', hint: 'the kernel’s BTF has no such function or type, or the process is gone' },
  { errnoName: 'ENODEV', hint: 'this kernel was built without that hook' },
  { errnoName: 'EBADF', hint: 'the descriptor is closed, or not of the kind that is needed' },
  { errnoName: 'EBADFD', hint: 'the descriptor is closed, or not of the kind that is needed' },
  { errnoName: 'EADDRNOTAVAIL', hint: 'several functions have that name, so none of them is meant for sure' },
  { errnoName: 'FORMAT', hint: 'the file is no BPF object: compile it with clang -target bpf -g' },
  { errnoName: 'LIBELF', hint: 'the file is no ELF file, or only the beginning of one' },
  {
    errnoName: 'RELOC',
    hint: 'the object refers to a kernel type, field or symbol that this kernel lacks, or was compiled without -g',
  },
];

/** What usually causes this errno in this attempt, and what to do; undefined where nothing is usual. */
export function errnoHint(errnoName: string, attempted: string): string | undefined {
  return hints.find((entry) => entry.errnoName === errnoName && (entry.of?.test(attempted) ?? true))?.hint;
}
