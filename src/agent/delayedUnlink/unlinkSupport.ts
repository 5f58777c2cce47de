import type { Btf, KernelFeatures } from '../../bpf/index.ts';

/** Functions of the kernel that programs are attached to; where it has no security modules they do not exist. */
const functions = ['security_file_open', 'security_inode_unlink', 'security_inode_rename'];

export interface UnlinkSupport {
  /** How deletions can be held, the better way first: UnlinkHooks.open takes one. Empty: not at all. */
  hold: ('lsm' | 'fmod_ret')[];
  /** Why a way is not there, in words. */
  reasons: { lsm?: string; fmod_ret?: string; override?: string };
  /** Whether callers of unlink can be told that they have succeeded, beside holding. */
  override: boolean;
}

/** What this kernel can do for delayed unlink. */
export function unlinkSupport(features: KernelFeatures, btf: Btf): UnlinkSupport {
  const missing = functions.filter((name) => btf.find('func', name) === undefined);
  const without = (...names: Parameters<KernelFeatures['probe']>[0][]): string | undefined => {
    if (missing.length > 0) return `this kernel has no ${missing.join(', ')} (CONFIG_SECURITY)`;
    return names
      .map((name) => features.probe(name))
      .map(({ supported, reason }, n) =>
        supported ? undefined : `${names[n] ?? ''}: ${reason ?? 'not there'}`,
      )
      .find((reason) => reason !== undefined);
  };
  const lsm = without('fentry', 'lsm');
  const fmod = without('fentry', 'fmodRet');
  const override = lsm !== undefined && fmod !== undefined ? fmod : without('kretprobe', 'kprobeOverride');
  return {
    hold: [
      ...(lsm === undefined ? (['lsm'] as const) : []),
      ...(fmod === undefined ? (['fmod_ret'] as const) : []),
    ],
    override: override === undefined,
    reasons: {
      ...(lsm !== undefined && { lsm }),
      ...(fmod !== undefined && { fmod_ret: fmod }),
      ...(override !== undefined && { override }),
    },
  };
}
