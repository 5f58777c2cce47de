import type { CTypes } from './cTypes.ts';
import type { FunctionLookup } from './functionLookup.ts';
import type { Tracefs } from './tracefs.ts';

/** Everything about one kernel that planning a probe looks at. */
export interface KernelView {
  architecture: 'x64' | 'arm64';
  /** uname -r, for messages. */
  release: string;
  tracefs: Tracefs;
  /** C types of the kernel; without BTF only those that every C compiler knows. */
  types: CTypes;
  /** C types of a module, by its name; undefined: the module has no BTF. */
  moduleTypes(module: string): CTypes | undefined;
  functions: FunctionLookup;
  /** What this kernel and these capabilities allow, found by trying. */
  features: Record<HookFeature, FeatureState>;
}

/** fentry stands for fexit as well. */
export type HookFeature = 'btf' | 'tracepoint' | 'rawTracepoint' | 'kprobe' | 'fentry' | 'lsm' | 'uprobe';

/** true, or why not: words to go on after "…: ". */
export type FeatureState = true | string;
