import { release } from 'node:os';
import { BpfObject, type BpfMap, type KernelProgram, type Link, type Program } from '../bpf/index.ts';
import type { Hook } from '../probe/plan.ts';
import { bpfObjectFile } from './bpfObjectFile.ts';

const key = Buffer.alloc(4);

/** Which of the programs in bpf/dispatch.bpf.c goes with a hook. */
function dispatchProgram(hook: Hook): string {
  switch (hook.type) {
    case 'tracepoint':
      return 'dispatch_tracepoint';
    case 'rawTracepoint':
    case 'report':
      return 'dispatch_raw_tracepoint';
    case 'fentry':
      return 'dispatch_fentry';
    case 'fexit':
      return 'dispatch_fexit';
    case 'lsm':
      return 'dispatch_lsm';
    default:
      return 'dispatch_kprobe';
  }
}

/** Trampoline and LSM programs are loaded for one function. */
export function attachTarget(hook: Hook): string | undefined {
  switch (hook.type) {
    case 'fentry':
    case 'fexit':
      return hook.function;
    case 'lsm':
      return hook.hook;
    default:
      return undefined;
  }
}

function attach(program: Program, hook: Hook): Link | undefined {
  switch (hook.type) {
    case 'tracepoint':
      return program.attachTracepoint(hook.category, hook.name);
    case 'rawTracepoint':
      return program.attachRawTracepoint(hook.name);
    case 'kprobe':
    case 'kretprobe':
      return program.attachKprobe(hook.function, { retprobe: hook.type === 'kretprobe' });
    case 'ksyscall':
    case 'kretsyscall':
      return program.attachKsyscall(hook.syscall, { retprobe: hook.type === 'kretsyscall' });
    case 'fentry':
    case 'fexit':
      return program.attachTrace();
    case 'lsm':
      return program.attachLsm();
    case 'uprobe':
    case 'uretprobe':
      return program.attachUprobe({
        path: hook.path,
        symbol: hook.symbol,
        retprobe: hook.type === 'uretprobe',
      });
    case 'report':
      return undefined;
  }
}

/**
 * Does this kernel count the runs that it skips? Programs of perf events (tracepoints, kprobes, uprobes) are skipped
 * while any other such program runs on their CPU, and only Linux 6.7 counts that (trace_call_bpf); the others are
 * counted since 5.12.
 */
function countsMisses(hook: Hook): boolean {
  const ofPerfEvent = !['rawTracepoint', 'report', 'fentry', 'fexit', 'lsm'].includes(hook.type);
  const [major = 0, minor = 0] = release().split('.', 2).map(Number);
  return !ofPerfEvent || major > 6 || (major === 6 && minor >= 7);
}

/**
 * An attached program that jumps to whichever program is armed, at a stroke: every hit of the hook runs exactly one
 * of them, or none while nothing is armed.
 */
export class Dispatcher implements Disposable {
  readonly hook: Hook;
  readonly #program: KernelProgram;
  readonly #current: BpfMap;
  readonly #link: Link | undefined;

  /** @throws BpfError when the hook cannot be attached */
  constructor(hook: Hook) {
    this.hook = hook;
    // Closed again: what is attached needs the kernel's half only.
    using object = BpfObject.open(bpfObjectFile('dispatch'), { name: 'dispatch' });
    const name = dispatchProgram(hook);
    for (const program of object.programs()) program.setAutoload(program.name === name);
    const program = object.program(name);
    const target = attachTarget(hook);
    if (target !== undefined) program.setAttachTarget(target);
    object.load();
    using kept = new DisposableStack();
    this.#link = attach(program, hook);
    if (this.#link !== undefined) kept.use(this.#link);
    this.#program = kept.use(program.duplicate());
    this.#current = kept.use(object.map('current').duplicate());
    kept.move();
  }

  /** From the next hit on this program runs. */
  arm(program: KernelProgram): void {
    const value = Buffer.alloc(4);
    value.writeInt32LE(program.fd);
    this.#current.update(key, value);
  }

  /** From the next hit on nothing runs. Runs under way end within an RCU grace period. */
  disarm(): void {
    this.#current.delete(key);
  }

  /** Runs what is armed once, for a hook of type 'report'; see KernelProgram.run. */
  run(memory: Uint8Array): number {
    return this.#program.run(memory);
  }

  /** Runs that the kernel skipped, undefined where it does not count them; and runs and time while statistics are on. */
  get statistics(): { missed: number | undefined; runCount: number; runTimeNs: number } {
    const { recursionMisses, runCount, runTimeNs } = this.#program.info;
    const missed = countsMisses(this.hook) ? recursionMisses + (this.#link?.info.missed ?? 0) : undefined;
    return { missed, runCount, runTimeNs };
  }

  /** The kernel's id of the attached program. */
  get programId(): number {
    return this.#program.info.id;
  }

  /** Detaches. Closing twice is fine. */
  close(): void {
    this.#link?.close();
    this.#program.close();
    this.#current.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
