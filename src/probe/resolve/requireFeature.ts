import type { FeatureName } from '../../bpf/index.ts';
import type { KernelView } from './kernelView.ts';
import { UnsupportedError } from './planError.ts';
import type { Place } from './planError.ts';

/** What each feature takes, in words. */
const NEEDS: Partial<Record<FeatureName, string>> = {
  tracepoint: 'tracepoints (CONFIG_FTRACE, CAP_PERFMON)',
  rawTracepoint: 'raw tracepoints (CONFIG_BPF_EVENTS)',
  kprobe: 'kprobes (CONFIG_KPROBE_EVENTS; forbidden by lockdown=confidentiality)',
  kretprobe: 'kretprobes (CONFIG_KRETPROBES)',
  uprobe: 'uprobes (CONFIG_UPROBE_EVENTS)',
  fentry: 'fentry (BTF and ftrace; Linux 5.5 on x86-64, 6.0 on arm64)',
  fexit: 'fexit (BTF and ftrace; Linux 5.5 on x86-64, 6.0 on arm64)',
  lsm: 'BPF LSM programs (CONFIG_BPF_LSM, Linux 5.7, and bpf in the list of the boot option lsm=)',
};

/** @throws {UnsupportedError} at `place` when the kernel lacks it */
export function requireFeature(
  feature: FeatureName,
  attach: string,
  kernel: Pick<KernelView, 'features' | 'release'>,
  place: Place,
): void {
  const { supported, reason } = kernel.features.probe(feature);
  if (supported) return;
  throw new UnsupportedError(
    place,
    feature,
    `${attach} needs ${NEEDS[feature] ?? feature}, which this kernel (${kernel.release}) or these capabilities do not give` +
      (reason === undefined ? '' : `: ${reason}`),
  );
}
