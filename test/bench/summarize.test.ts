import { expect, test } from '@jest/globals';
import type { Run } from './measure.ts';
import { summarize } from './summarize.ts';

const run = (wallPerCall: number, more: Partial<Run> = {}): Run => ({
  calls: 1000,
  start: 0,
  end: 500,
  cpuPerCall: wallPerCall / 2,
  wallPerCall,
  lost: undefined,
  readerPerCall: 0,
  ...more,
});

test('what is added is the median of the differences within a round, not the difference of medians', () => {
  const bare = [run(100), run(300), run(110)];
  const traced = [run(150), run(310), run(200)];
  expect(summarize(traced, bare).added).toBe(50);
});

test('the round that lost most counts', () => {
  const runs = [run(1, { lost: 0 }), run(1, { lost: 7 }), run(1, { lost: 2 })];
  expect(summarize(runs, runs).lost).toBe(7);
});

test('events a second last until the batches are written, and a round that lost some has none', () => {
  const probe = { settledAt: '1000000', captured: 1000, delivered: 1000, lost: {} };
  const complete = run(1, { lost: 0, probe });
  expect(summarize([complete], [complete]).throughput).toBe(1e6);
  const lossy = run(1, { lost: 1, probe });
  expect(summarize([lossy], [lossy]).throughput).toBe(0);
});
