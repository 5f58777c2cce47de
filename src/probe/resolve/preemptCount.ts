import type { PreemptCount } from '../plan.ts';
import type { BtfReader, BtfType } from './btfReader.ts';

/**
 * Where a kernel keeps preempt_count, which tells soft from hard interrupts.
 *
 * arm64: thread_info, at the beginning of the task. x86-64: a per-CPU variable, __preempt_count until 6.1 and again
 * from 6.15, pcpu_hot.preempt_count between. A program has no per-CPU variable's address without CONFIG_KALLSYMS_ALL,
 * but the task leads to the CPU's runqueue, which is one as well (with CONFIG_FAIR_GROUP_SCHED); the section of both
 * has their offsets.
 *
 * @returns undefined: the types do not say
 */
export function preemptCountOf(btf: BtfReader): PreemptCount | undefined {
  return inRunqueueSection(btf) ?? inTask(btf);
}

function inRunqueueSection(btf: BtfReader): PreemptCount | undefined {
  const way = [
    member(btf, 'task_struct', 'se'),
    member(btf, 'sched_entity', 'cfs_rq'),
    member(btf, 'cfs_rq', 'rq'),
  ];
  if (way.includes(undefined)) return undefined;
  const id = btf.find('datasec', '.data..percpu');
  const section = id === undefined ? undefined : btf.type(id);
  if (section?.kind !== 'datasec') return undefined;
  const offsetOf = (name: string): number | undefined => {
    const variable = btf.find('var', name);
    return section.variables.find(({ type }) => type === variable)?.offset;
  };
  const runqueues = offsetOf('runqueues');
  if (runqueues === undefined) return undefined;
  const count = offsetOf('__preempt_count');
  if (count !== undefined) return { base: 'runqueue', offset: count - runqueues };
  const hot = offsetOf('pcpu_hot');
  const within = member(btf, 'pcpu_hot', 'preempt_count');
  if (hot === undefined || within === undefined) return undefined;
  return { base: 'runqueue', offset: hot + within - runqueues };
}

function inTask(btf: BtfReader): PreemptCount | undefined {
  const info = member(btf, 'task_struct', 'thread_info');
  const count = member(btf, 'thread_info', 'preempt_count');
  return info === undefined || count === undefined ? undefined : { base: 'task', offset: info + count };
}

/** Offset in bytes, also of what is in an anonymous member. */
function member(btf: BtfReader, struct: string, name: string): number | undefined {
  const id = btf.find('struct', struct);
  return id === undefined ? undefined : within(btf, btf.type(id), name);
}

function within(btf: BtfReader, type: BtfType, name: string): number | undefined {
  if (type.kind !== 'struct' && type.kind !== 'union') return undefined;
  for (const each of type.members) {
    if (each.name === name) return each.bitOffset / 8;
    if (each.name !== '') continue;
    const inner = within(btf, btf.type(each.type), name);
    if (inner !== undefined) return each.bitOffset / 8 + inner;
  }
  return undefined;
}
