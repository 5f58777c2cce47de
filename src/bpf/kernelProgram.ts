import type { NativeKernelProgram } from './addon.ts';
import type { ProgramInfo } from './programInfo.ts';

/**
 * A program in the kernel, whatever becomes of the object that it was loaded from: libbpf keeps instructions and types
 * of every program of an object, some hundred KiB, until the object is closed. The program goes with its last
 * descriptor, link and place in a program array.
 */
export class KernelProgram implements Disposable {
  readonly #native: NativeKernelProgram;

  /** Program.duplicate() makes them. */
  constructor(native: NativeKernelProgram) {
    this.#native = native;
  }

  /** The C function's name. */
  get name(): string {
    return this.#native.name();
  }

  /** The descriptor, for a program array or another library. */
  get fd(): number {
    return this.#native.fd();
  }

  get info(): ProgramInfo {
    return this.#native.info();
  }

  /**
   * Runs a raw tracepoint's program once, on this thread and without an event (BPF_PROG_TEST_RUN, Linux 5.10): its first
   * two arguments are the address and the length of `memory`.
   * @returns what the program returns, as 32 bits without a sign
   * @throws BpfError: EINVAL for a program that reads further arguments, or of another type
   */
  run(memory: Uint8Array): number {
    return this.#native.run(memory);
  }

  /** Closing twice is fine; what comes after throws. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
