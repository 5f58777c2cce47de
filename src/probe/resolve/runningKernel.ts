import { release } from 'node:os';
import { Btf, KernelFeatures, elfFunctions } from '../../bpf/index.ts';
import type { PreemptCount } from '../plan.ts';
import { CTypes } from './cTypes.ts';
import { KernelFunctions } from './functionLookup.ts';
import type { KernelView } from './kernelView.ts';
import { preemptCountOf } from './preemptCount.ts';
import { Tracefs } from './tracefs.ts';

/** The kernel that this process runs on. Dispose of it when all probes are planned: its type information is 10 MB. */
export function runningKernel(options: { tracefs?: string } = {}): KernelView & Disposable {
  const tracefs = new Tracefs(options.tracefs);
  const features = new KernelFeatures();
  const opened: Btf[] = [];
  const vmlinux = openOrUndefined(() => Btf.vmlinux(), opened);
  const modules = new Map<string, CTypes | undefined>();
  let preemptCount: PreemptCount | undefined | 'NotAsked' = 'NotAsked';
  return {
    architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
    release: release(),
    tracefs,
    types: new CTypes(vmlinux),
    moduleTypes(module) {
      if (!modules.has(module) && vmlinux !== undefined) {
        const btf = openOrUndefined(() => Btf.module(module, vmlinux), opened);
        modules.set(module, btf && new CTypes(btf));
      }
      return modules.get(module);
    },
    functions: new KernelFunctions({ traceable: `${tracefs.mount}/available_filter_functions` }),
    get preemptCount() {
      if (preemptCount === 'NotAsked') preemptCount = vmlinux && preemptCountOf(vmlinux);
      return preemptCount;
    },
    features,
    elfFunctions,
    [Symbol.dispose]() {
      for (const btf of opened) btf.close();
      features.close();
    },
  };
}

/** undefined: this kernel or module has no BTF, or it may not be read. */
function openOrUndefined(open: () => Btf, opened: Btf[]): Btf | undefined {
  try {
    const btf = open();
    opened.push(btf);
    return btf;
  } catch {
    return undefined;
  }
}
