import { addon, type NativeLink } from './addon.ts';

export interface LinkInfo {
  id: number;
  /** The kernel's id of the attached program. */
  programId: number;
  /** "perf_event", "tracing", "raw_tracepoint" …; a number for a type newer than libbpf. */
  type: string | number;
  /**
   * Hits of a kprobe that the kernel skipped because of recursion (6.7 and later). undefined: the kernel does not
   * tell, which is not the same as none.
   */
  missed: number | undefined;
}

/**
 * A program attached to a hook. It stays attached until close(), or until the process ends; dropping the object lets
 * the garbage collector detach it at a time of its choosing, so keep it. It outlives the object of its program.
 */
export class Link implements Disposable {
  readonly #native: NativeLink;

  /** Programs make links: Program.attach…(). */
  constructor(native: NativeLink) {
    this.#native = native;
  }

  /** A link pinned by pin(), perhaps by another process. */
  static openPinned(path: string): Link {
    return new Link(addon().Link.openPinned(path));
  }

  /** What is attached where, for logs: "on_open on tracepoint syscalls/sys_enter_openat". */
  get name(): string {
    return this.#native.name();
  }

  get fd(): number {
    return this.#native.fd();
  }

  get info(): LinkInfo {
    const { id, programId, type, missed } = this.#native.info();
    return { id, programId, type, missed };
  }

  /** Keeps the program attached beyond this process, until the file below bpffs is removed. */
  pin(path: string): void {
    this.#native.pin(path);
  }

  /** Removes the pin that pin() made. */
  unpin(): void {
    this.#native.unpin();
  }

  /** Detaches now, even when pinned. Links whose kind the kernel cannot detach are unpinned and closed instead. */
  detach(): void {
    this.#native.detach();
  }

  /** Gives the link up, which detaches it unless it is pinned. Closing twice is fine. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
