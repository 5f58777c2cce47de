import { addon, type NativeFeatureProber } from './addon.ts';
import { BpfError } from './bpfError.ts';
import { VerifierError } from './verifierError.ts';

/**
 * What a kernel may or may not have, for its version, configuration, lockdown mode or this process's capabilities:
 * - tracepoint, rawTracepoint, kprobe, kretprobe, kprobeMulti (5.18, fprobe), uprobe: attach
 * - fentry, fexit, fmodRet: attach (trampolines, BTF)
 * - lsm: attach, and bpf is among the active LSMs, so that the program runs
 * - kprobeOverride: bpf_override_return and a function on the error injection list
 * - ringBuffer (5.8), dynptr (5.19: records of any size), taskStorage (5.11), getFuncArg (5.17), attachCookie (5.15)
 * - readKernelMemory, readUserMemory: bpf_probe_read_kernel/user (lockdown=confidentiality forbids the first)
 * - statistics: run time and count of programs (enableStats)
 */
export const featureNames = [
  'tracepoint',
  'rawTracepoint',
  'kprobe',
  'kretprobe',
  'kprobeMulti',
  'kprobeOverride',
  'uprobe',
  'fentry',
  'fexit',
  'fmodRet',
  'lsm',
  'ringBuffer',
  'dynptr',
  'taskStorage',
  'getFuncArg',
  'attachCookie',
  'readKernelMemory',
  'readUserMemory',
  'statistics',
] as const;
export type FeatureName = (typeof featureNames)[number];

export interface Feature {
  supported: boolean;
  /** Why not: the step that failed and what the kernel said; undefined when supported. */
  reason: string | undefined;
  /** The same as an error, with its errno and hint or the verifier's log. */
  error: BpfError | undefined;
}

/**
 * What this kernel allows this process, each found by loading and attaching the smallest thing that needs it, once an
 * instance: hand one instance around, and make a new one when capabilities or the kernel's settings changed.
 */
export class KernelFeatures implements Disposable {
  readonly #native: NativeFeatureProber = new (addon().FeatureProber)();
  readonly #known = new Map<FeatureName, Feature>();

  /** The first call for a name takes a few milliseconds, the first that needs BTF some 50. */
  probe(name: FeatureName): Feature {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const error = this.#native.probe(name);
    const feature = { supported: error === undefined, reason: error && reasonOf(error), error };
    this.#known.set(name, feature);
    return feature;
  }

  /** All of them. */
  probeAll(): Record<FeatureName, Feature> {
    const entries = featureNames.map((name) => [name, this.probe(name)] as const);
    return Object.fromEntries(entries) as Record<FeatureName, Feature>;
  }

  /** Frees the kernel's BTF, which is read again when it is needed. Closing twice is fine. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function reasonOf(error: BpfError): string {
  const step = `${error.attempted}: ${error.errnoName}`;
  if (error instanceof VerifierError) return `${step}, ${error.summary}`;
  return error.details.length > 0 ? `${step}, ${error.details.join('; ')}` : step;
}
