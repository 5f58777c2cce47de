import { expect, test } from '@jest/globals';
import { FakeBtf } from '../testing/fakeBtf.ts';
import { preemptCountOf } from './preemptCount.ts';

/** Types of a kernel with the way from a task to its runqueue, unless without group scheduling. */
function scheduler(btf: FakeBtf, groups = true): void {
  const pointer = btf.pointer(0);
  btf.struct('cfs_rq', 400, groups ? [{ name: 'rq', type: pointer, offset: 320 }] : []);
  const entity = btf.struct(
    'sched_entity',
    256,
    groups ? [{ name: 'cfs_rq', type: pointer, offset: 136 }] : [],
  );
  btf.struct('task_struct', 9000, [{ name: 'se', type: entity, offset: 192 }]);
}

function section(btf: FakeBtf, variables: Record<string, number>): void {
  btf.add({
    kind: 'datasec',
    name: '.data..percpu',
    size: 200_000,
    variables: Object.entries(variables).map(([name, offset]) => ({
      type: btf.add({ kind: 'var', name, type: btf.int('int', 4) }),
      ...{ offset, size: 4 },
    })),
  });
}

test('before 6.2 and from 6.15 on it is a variable of its own, as far from the runqueue as their section says', () => {
  const btf = new FakeBtf();
  scheduler(btf);
  section(btf, { __preempt_count: 4096, runqueues: 100_000 });
  expect(preemptCountOf(btf)).toEqual({ base: 'runqueue', offset: 4096 - 100_000 });
});

test('between those it is in pcpu_hot, in an anonymous struct of an anonymous union', () => {
  const btf = new FakeBtf();
  scheduler(btf);
  const inner = btf.struct('', 64, [{ name: 'preempt_count', type: btf.int('int', 4), offset: 8 }]);
  const union = btf.struct('', 64, [{ name: '', type: inner }], 'union');
  btf.struct('pcpu_hot', 64, [{ name: '', type: union }]);
  section(btf, { runqueues: 100_000, pcpu_hot: 150_016 });
  expect(preemptCountOf(btf)).toEqual({ base: 'runqueue', offset: 50_024 });
});

test('on arm64 it is in the task, in whose thread_info it shares a word', () => {
  const btf = new FakeBtf();
  const union = btf.struct('', 8, [{ name: 'preempt_count', type: btf.int('int', 4) }], 'union');
  const info = btf.struct('thread_info', 16, [{ name: '', type: union, offset: 8 }]);
  btf.struct('task_struct', 9000, [{ name: 'thread_info', type: info }]);
  expect(preemptCountOf(btf)).toEqual({ base: 'task', offset: 8 });
});

test('it is not known without group scheduling, which leads to the runqueue, or without per-CPU variables', () => {
  const without = new FakeBtf();
  scheduler(without, false);
  section(without, { __preempt_count: 4096, runqueues: 100_000 });
  expect(preemptCountOf(without)).toBeUndefined();
  const bare = new FakeBtf();
  scheduler(bare);
  expect(preemptCountOf(bare)).toBeUndefined();
});
