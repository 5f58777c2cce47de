/**
 * Where an event can happen, in the order of TP_CONTEXT_… in bpf/include/traceprobe.h. In everything but a task the
 * current task is a bystander. An interrupt is a soft or a hard one on a kernel that does not tell which.
 */
export const CONTEXTS = ['task', 'interrupt', 'softirq', 'hardirq'] as const;

export type Context = (typeof CONTEXTS)[number];

/** The name of a TP_CONTEXT_…. */
export function contextName(number: number): Context {
  return CONTEXTS[number] ?? 'interrupt';
}
