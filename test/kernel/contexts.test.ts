import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Host, type ProbeBatch } from '../../src/agent/host.ts';
import { parseDocuments } from '../../src/api/index.ts';
import { decodeBatch } from '../../src/codec/decodeBatch.ts';
import { rowsOf, type Row } from '../../src/codec/rowsOf.ts';
import { compileProbe } from '../../src/probe/compile.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';

/** By the name of their point. Softirqs and timers come by themselves. */
const points = {
  softirq: `{ attach: tracepoint/irq/softirq_entry }`,
  timer: `{ attach: tracepoint/timer/hrtimer_expire_entry }`,
  exec: `{ attach: tracepoint/sched/sched_process_exec }`,
  hard: `{ attach: tracepoint/timer/hrtimer_expire_entry, filter: 'context == "hardirq"' }`,
  unknown: `{ attach: tracepoint/irq/softirq_entry, filter: 'context == "interrupt"' }`,
};

let host: Host;
/** Contexts of the events that came, by point. */
let contexts: Map<string, string[]>;

function rowsIn({ bytes, point }: ProbeBatch): Row[] {
  const types = point.columns.map(({ type }) => type);
  return [...rowsOf(decodeBatch(bytes, types), point.columns)];
}

beforeEach(() => {
  contexts = new Map();
  host = new Host({
    flushMilliseconds: 5,
    onBatches: (batches) => {
      for (const batch of batches) {
        const { name } = batch.point;
        const found = contexts.get(name) ?? [];
        contexts.set(name, found);
        found.push(...rowsIn(batch).map(({ context }) => context));
      }
    },
  });
});

afterEach(() => host.close());

/** Starts a program, which takes a second in an emulated machine, until one was seen. */
async function aWhile(): Promise<void> {
  if (!contexts.has('exec')) await once(spawn('true'), 'exit');
  await host.drain();
}

test('a soft interrupt, a hard one and a task are told apart where the kernel tells', async () => {
  const list = Object.entries(points).map(([name, point]) => point.replace('{', `{ name: ${name},`));
  const text = `{ apiVersion: traceprobe.io/v1alpha1, kind: TraceProbe, metadata: { name: contexts }, spec: {
    points: [${list.join(', ')}], limits: { cpuPercentPerNode: 100 } } }`;
  const [manifest] = parseDocuments(text, 'contexts');
  if (manifest === undefined) throw new Error('no probe');
  using kernel = runningKernel();
  const told = kernel.preemptCount !== undefined;
  await host.apply(compileProbe(manifest.probe, kernel));
  const enough = (name: keyof typeof points): boolean => (contexts.get(name) ?? []).length >= 5;
  while (!enough('softirq') || !enough('timer') || (told && !enough('hard')) || !contexts.has('exec')) {
    await aWhile();
  }
  const kinds = (name: keyof typeof points): Set<string> => new Set(contexts.get(name));
  expect(kinds('exec')).toEqual(new Set(['task']));
  if (told) {
    expect(kinds('softirq')).toEqual(new Set(['softirq']));
    // Those of HRTIMER_MODE_SOFT expire in soft ones.
    expect(kinds('timer')).toContain('hardirq');
    expect([...kinds('timer')].filter((kind) => kind !== 'hardirq' && kind !== 'softirq')).toEqual([]);
    expect(kinds('hard')).toEqual(new Set(['hardirq']));
    expect(kinds('unknown')).toEqual(new Set());
  } else {
    // On the kernel's own threads (ksoftirqd) the stack is the task's.
    for (const kind of kinds('softirq')) expect(['interrupt', 'task']).toContain(kind);
    expect(kinds('timer')).toContain('interrupt');
  }
});
