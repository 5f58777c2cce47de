import type { NativeProgram } from './addon.ts';
import { KernelProgram } from './kernelProgram.ts';
import { Link } from './link.ts';
import type { ProgramInfo } from './programInfo.ts';

export interface CookieOptions {
  /** What bpf_get_attach_cookie() gives the program: 64 bits. */
  cookie?: bigint;
}

export interface KprobeOptions extends CookieOptions {
  /** Bytes behind the function's start. */
  offset?: number;
  /** At the function's return instead of its entry. */
  retprobe?: boolean;
}

export interface KsyscallOptions extends CookieOptions {
  retprobe?: boolean;
}

export interface UprobeOptions extends CookieOptions {
  /** The executable or library, as this process sees it. */
  path: string;
  /** A function of its symbol table. Either this or an offset. */
  symbol?: string;
  /** Bytes behind the symbol, or without one the offset in the file. */
  offset?: number | bigint;
  retprobe?: boolean;
  /**
   * Only in this process (0: in ours); left out: in all. Before 6.12 a uretprobe also counts in processes that another
   * uprobe at the same place is in.
   */
  pid?: number;
}

/** Enough for the log of a program of ordinary size; a larger one is cut by kernels from 6.4, refused by older. */
const defaultLogBytes = 1 << 20;

/** A program of a BpfObject. Settings come before BpfObject.load(), everything else after it. */
export class Program {
  readonly #native: NativeProgram;

  /** Objects make programs: BpfObject.program(name). */
  constructor(native: NativeProgram) {
    this.#native = native;
  }

  /** The C function's name. */
  get name(): string {
    return this.#native.name();
  }

  /** The ELF section, such as "tracepoint/syscalls/sys_enter_openat". */
  get section(): string {
    return this.#native.section();
  }

  /** As libbpf spells it: "tracepoint", "kprobe", "tracing", "lsm". */
  get type(): string {
    return this.#native.type();
  }

  /** The descriptor, for a prog-array or another library. It stays the object's. */
  get fd(): number {
    return this.#native.fd();
  }

  get info(): ProgramInfo {
    return this.#native.info();
  }

  /** The program by a descriptor of its own, which stays when the object is closed; after load(). */
  duplicate(): KernelProgram {
    return new KernelProgram(this.#native.duplicate());
  }

  /** The verifier's log of a successful or refused load, if setLogLevel or the object's kernelLogLevel asked for it. */
  get log(): string {
    return this.#native.log();
  }

  get autoload(): boolean {
    return this.#native.autoload();
  }

  /** false: load() leaves the program out. */
  setAutoload(autoload: boolean): void {
    this.#native.setAutoload(autoload);
  }

  /** The kernel function (fentry, fexit, fmod_ret) or hook (lsm) that attachTrace or attachLsm is for. */
  setAttachTarget(name: string): void {
    this.#native.setAttachTarget(name);
  }

  /** What the verifier writes to `log`: 0 nothing unless it refuses, 1 the states, 2 every instruction, 4 statistics. */
  setLogLevel(level: number, bufferBytes = defaultLogBytes): void {
    this.#native.setLogLevel(level, bufferBytes);
  }

  /** Keeps the program in the kernel until the file below bpffs is removed. */
  pin(path: string): void {
    this.#native.pin(path);
  }

  unpin(path: string): void {
    this.#native.unpin(path);
  }

  /** Where its section says. */
  attach(): Link {
    return new Link(this.#native.attach());
  }

  attachTracepoint(category: string, name: string, options: CookieOptions = {}): Link {
    return new Link(this.#native.attachTracepoint(category, name, options.cookie));
  }

  attachRawTracepoint(name: string): Link {
    return new Link(this.#native.attachRawTracepoint(name));
  }

  attachKprobe(name: string, options: KprobeOptions = {}): Link {
    return new Link(this.#native.attachKprobe(name, options.offset, options.retprobe, options.cookie));
  }

  /** The kernel's function of a system call, whatever the architecture calls it: "openat". */
  attachKsyscall(name: string, options: KsyscallOptions = {}): Link {
    return new Link(this.#native.attachKsyscall(name, options.retprobe, options.cookie));
  }

  /** fentry, fexit and fmod_ret, at the target of the section or of setAttachTarget. */
  attachTrace(options: CookieOptions = {}): Link {
    return new Link(this.#native.attachTrace(options.cookie));
  }

  attachLsm(): Link {
    return new Link(this.#native.attachLsm());
  }

  attachUprobe(options: UprobeOptions): Link {
    const { path, symbol, offset, retprobe, pid, cookie } = options;
    return new Link(this.#native.attachUprobe(path, symbol, offset, retprobe, pid, cookie));
  }
}
