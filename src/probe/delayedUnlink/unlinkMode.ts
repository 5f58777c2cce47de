import type { TraceProbeDelayedUnlink } from '../../api/index.ts';
import type { UnlinkMode } from '../plan.ts';
import type { KernelView } from '../resolve/kernelView.ts';
import { UnsupportedError } from '../resolve/planError.ts';
import { requireFeature } from '../resolve/requireFeature.ts';

export interface ChosenMode {
  mode: UnlinkMode;
  /** For status: which mode this node uses, and why. */
  note: string;
}

/**
 * How this kernel keeps files. Hold needs a program that may answer for security_inode_unlink: BPF LSM where it is
 * active, else fmod_ret.
 * @throws {UnsupportedError} saying which modes this kernel could do
 */
export function unlinkMode(
  wanted: TraceProbeDelayedUnlink['mode'],
  kernel: Pick<KernelView, 'features' | 'release'>,
): ChosenMode {
  const place = { path: ['spec', 'delayedUnlink', 'mode'] };
  // Whichever the mode: files are marked when they are created.
  requireFeature('fentry', 'delayedUnlink', kernel, { path: ['spec', 'delayedUnlink'] });
  const holdBy = (['lsm', 'fmodRet'] as const).find((name) => kernel.features.probe(name).supported);
  switch (wanted) {
    case 'Observe':
      return { mode: 'Observe', note: 'mode Observe: nothing is kept, only told' };
    case 'Link':
      throw new UnsupportedError(
        place,
        'link',
        'mode Link is not supported yet by this version of TraceProbe: use Hold',
      );
    case 'Override':
      requireFeature('kprobeOverride', 'mode Override', kernel, place);
      return {
        mode: 'Override',
        note: 'mode Override, as asked for: who deletes is told that it has happened, before the kernel has checked that it may',
      };
    case 'Hold':
    case 'Auto': {
      const asked = wanted === 'Hold' ? 'as asked for' : 'chosen by Auto';
      if (holdBy !== undefined) {
        const by = holdBy === 'lsm' ? 'a BPF LSM program' : 'fmod_ret (bpf is not among the active LSMs)';
        return {
          mode: 'Hold',
          note: `mode Hold, ${asked}, by ${by}: who deletes a kept file is told ENOENT`,
        };
      }
      if (wanted === 'Auto' && kernel.features.probe('kprobeOverride').supported) {
        return {
          mode: 'Override',
          note: 'mode Override, chosen by Auto: this kernel has neither BPF LSM nor fmod_ret, which Hold needs',
        };
      }
      throw new UnsupportedError(
        place,
        'hold',
        `mode ${wanted} needs BPF LSM (bpf in the list of the boot option lsm=) or fmod_ret (Linux 5.7 on x86-64, 6.0 on ` +
          `arm64), and this kernel (${kernel.release}) or these capabilities give neither: ` +
          `${kernel.features.probe('fmodRet').reason ?? 'no reason given'}; mode Observe may work`,
      );
    }
  }
}
