import { expect, test } from '@jest/globals';
import type { ProbePlan } from '../probe/plan.ts';
import { CpuBudget, type OverBudget } from './cpuBudget.ts';

const plan = (uid: string): ProbePlan => ({
  ...{ name: uid, uid, generation: 1n, rate: 0, cpuPercent: 5, points: [], builtin: undefined },
});

/**
 * Runs samples of 100 ms in no time. `load` says how many percent of a CPU a probe uses in a sample; probes that have
 * been suspended use none.
 */
async function watched(
  samples: number,
  load: (uid: string, sample: number) => number,
  uids = ['a'],
): Promise<{ over: OverBudget[]; openStatistics: number; sampled: number }> {
  const over: OverBudget[] = [];
  const suspended = new Set<string>();
  const runTimes = new Map<string, number>();
  let openStatistics = 0;
  let sample = 0;
  let now = 0;
  const done = Promise.withResolvers<undefined>();
  using budget = new CpuBudget({
    host: {
      probes: uids.map(plan),
      statistics: (uid) => [{ runCount: 0, runTimeNs: runTimes.get(uid) ?? 0, missed: 0 }],
      suspend: (uid) => Promise.resolve(void suspended.add(uid)),
    },
    measure: () => {
      openStatistics++;
      const close = (): void => {
        openStatistics--;
      };
      return { close, [Symbol.dispose]: close };
    },
    onOverBudget: (report) => over.push(report),
    onUnmeasurable: done.reject,
    clock: {
      now: () => now,
      sleep: (milliseconds) => {
        now += milliseconds;
        if (openStatistics === 0) {
          if (sample === samples) done.resolve(undefined);
          return sample === samples ? new Promise(() => undefined) : Promise.resolve();
        }
        for (const uid of uids) {
          const percent = suspended.has(uid) ? 0 : load(uid, sample);
          runTimes.set(uid, (runTimes.get(uid) ?? 0) + (milliseconds * 1e6 * percent) / 100);
        }
        sample++;
        return Promise.resolve();
      },
    },
  });
  await done.promise;
  budget.close();
  return { over, openStatistics, sampled: sample };
}

test('a probe above its share in three samples in a row is suspended, once', async () => {
  const { over } = await watched(10, () => 7);
  expect(over).toHaveLength(1);
  expect(over[0]?.probe.uid).toBe('a');
  expect(over[0]?.percent).toBeCloseTo(7);
});

test('a burst is forgiven', async () => {
  const { over } = await watched(12, (_, sample) => (sample % 3 === 2 ? 1 : 50));
  expect(over).toEqual([]);
});

test('a probe pays for itself only', async () => {
  const { over } = await watched(5, (uid) => (uid === 'b' ? 90 : 4.9), ['a', 'b', 'c']);
  expect(over.map(({ probe }) => probe.uid)).toEqual(['b']);
});

test('statistics are on only while a sample is taken', async () => {
  expect((await watched(3, () => 1)).openStatistics).toBe(0);
});

test('where measuring is not allowed, that is told once, and again when it is', async () => {
  const told: unknown[] = [];
  const refused = new Error('EPERM');
  let tries = 0;
  const again = new Promise<void>((resolve) => {
    const budget = new CpuBudget({
      host: { probes: [plan('a')], statistics: () => [], suspend: () => Promise.resolve() },
      measure: () => {
        if (++tries <= 3) throw refused;
        return { close: () => undefined, [Symbol.dispose]: () => undefined };
      },
      onOverBudget: () => undefined,
      onUnmeasurable: (error) => told.push(error),
      onMeasurable: () => {
        told.push('measurable');
        budget.close();
        resolve();
      },
      clock: {
        now: () => 0,
        sleep: (_, signal) => (signal.aborted ? Promise.reject(new Error('closed')) : Promise.resolve()),
      },
    });
  });
  await again;
  expect(told).toEqual([refused, 'measurable']);
});
