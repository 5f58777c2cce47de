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

/** Ways to answer for security_inode_unlink that this kernel has, the better one first. */
export function waysToHold(features: KernelView['features']): ('lsm' | 'fmod_ret')[] {
  return [
    ...(features.probe('lsm').supported ? (['lsm'] as const) : []),
    ...(features.probe('fmodRet').supported ? (['fmod_ret'] as const) : []),
  ];
}

/**
 * How this kernel keeps files. All modes need a program that may answer for security_inode_unlink: BPF LSM where it is
 * active, else fmod_ret.
 * @throws {UnsupportedError}
 */
export function unlinkMode(
  wanted: TraceProbeDelayedUnlink['mode'],
  kernel: Pick<KernelView, 'features' | 'release'>,
): ChosenMode {
  const place = { path: ['spec', 'delayedUnlink', 'mode'] };
  if (wanted === 'Link' || wanted === 'Override') {
    throw new UnsupportedError(
      place,
      wanted.toLowerCase(),
      `mode ${wanted} is not supported yet by this version of TraceProbe: use Hold, or Observe to see what it would do`,
    );
  }
  // Whichever the mode: files are marked when they are created.
  requireFeature('fentry', 'delayedUnlink', kernel, { path: ['spec', 'delayedUnlink'] });
  const [way] = waysToHold(kernel.features);
  if (way === undefined) {
    throw new UnsupportedError(
      { path: ['spec', 'delayedUnlink'] },
      'hold',
      'delayedUnlink needs BPF LSM (bpf in the list of the boot option lsm=) or fmod_ret (Linux 5.7 on x86-64, 6.0 on ' +
        `arm64), and this kernel (${kernel.release}) or these capabilities give neither: ` +
        (kernel.features.probe('fmodRet').reason ?? 'no reason given'),
    );
  }
  const by = way === 'lsm' ? 'a BPF LSM program' : 'fmod_ret (bpf is not among the active LSMs)';
  if (wanted === 'Observe')
    return { mode: 'Observe', note: `mode Observe, by ${by}: nothing is kept, only told` };
  const asked = wanted === 'Hold' ? 'as asked for' : 'chosen by Auto';
  return { mode: 'Hold', note: `mode Hold, ${asked}, by ${by}: who deletes a kept file is told ENOENT` };
}
