import type { FeatureName } from '../../bpf/index.ts';
import type { PreemptCount } from '../plan.ts';
import type { CTypes } from './cTypes.ts';
import type { FunctionLookup } from './functionLookup.ts';
import type { Tracefs } from './tracefs.ts';

/** Everything about one kernel that planning a probe looks at; runningKernel() makes the real one. */
export interface KernelView {
  architecture: 'x64' | 'arm64';
  /** uname -r, for messages. */
  release: string;
  tracefs: Tracefs;
  /** C types of the kernel; without BTF only those that every C compiler knows. */
  types: CTypes;
  /** C types of a loaded module; undefined: it has no BTF. */
  moduleTypes(module: string): CTypes | undefined;
  functions: FunctionLookup;
  /** Which interrupt a program runs in; undefined: this kernel's types do not say. */
  preemptCount: PreemptCount | undefined;
  /** What this kernel and these capabilities allow, found by trying (KernelFeatures of src/bpf). */
  features: { probe(name: FeatureName): { supported: boolean; reason: string | undefined } };
  /**
   * Names of the functions in a program's or library's symbol tables.
   * @throws Error when the file cannot be read or is no ELF file
   */
  elfFunctions(path: string): readonly string[];
}
