import { featureNames, type FeatureName, type KernelFeatures } from '../../bpf/index.ts';
import { limited, missing, ok, type Finding } from './findings.ts';

interface FeatureMeaning {
  /** What it is called to people. */
  label: string;
  /** What does not work without it. */
  without: string;
  /** Nothing works without it. */
  required?: true;
}

const meanings: Record<FeatureName, FeatureMeaning> = {
  tracepoint: { label: 'tracepoints', without: 'no tracepoint/… and no syscall/…' },
  rawTracepoint: { label: 'raw tracepoints', without: 'no raw_tracepoint/…, and not the built-in processes' },
  kprobe: { label: 'kprobes', without: 'no kprobe/… and no ksyscall/…' },
  kretprobe: { label: 'kretprobes', without: 'no kretprobe/…; kprobe/… with retval or duration takes fexit' },
  kprobeMulti: { label: 'kprobes on many functions', without: 'each function is attached by itself' },
  kprobeOverride: {
    label: 'override of results',
    without: 'no function can be made to return something else',
  },
  uprobe: { label: 'uprobes', without: 'no uprobe/… and no uretprobe/…' },
  fentry: { label: 'fentry', without: 'no fentry/…; fexit with a duration does not work' },
  fexit: {
    label: 'fexit',
    without:
      'no fexit/…; kprobe/… with retval or duration falls back to kretprobes, which miss calls that sleep',
  },
  fmodRet: { label: 'fmod_ret', without: 'no function can be refused at its entry' },
  lsm: { label: 'LSM hooks', without: 'no lsm/…: it takes CONFIG_BPF_LSM, and bpf in the boot option lsm=' },
  ringBuffer: { label: 'ring buffer', without: 'events cannot be carried', required: true },
  dynptr: { label: 'records of any size', without: 'events cannot be carried', required: true },
  taskStorage: {
    label: 'task storage',
    without: 'entry and return of a call cannot be paired: no retval or duration with arguments',
  },
  getFuncArg: { label: 'arguments by number', without: 'no fentry/… and no fexit/…' },
  attachCookie: { label: 'attach cookies', without: 'one program cannot tell its hooks apart' },
  readKernelMemory: {
    label: 'reading kernel memory',
    without: 'strings and members of structures in the kernel come out empty',
  },
  readUserMemory: {
    label: 'reading user memory',
    without: 'strings and buffers of system calls come out empty',
  },
  statistics: {
    label: 'run statistics',
    without: 'limits.cpuPercentPerNode is not kept, and "traceprobe programs" measures nothing',
  },
};

const hooks: readonly FeatureName[] = [
  'tracepoint',
  'rawTracepoint',
  'kprobe',
  'kretprobe',
  'uprobe',
  'fentry',
  'fexit',
  'lsm',
];

/** Every feature, found by trying the smallest thing that needs it. */
export function featureFindings(features: Pick<KernelFeatures, 'probe'>): Finding[] {
  const findings = featureNames.map((name) => {
    const { label, without, required } = meanings[name];
    const { supported, reason } = features.probe(name);
    if (supported) return ok(label, 'works');
    const found = reason ?? 'does not work';
    return required === true ? missing(label, found, without) : limited(label, found, without);
  });
  const attachable = hooks.filter((name) => features.probe(name).supported);
  if (attachable.length > 0) return findings;
  return [...findings, missing('hooks', 'none can be attached', 'nothing can be traced')];
}
