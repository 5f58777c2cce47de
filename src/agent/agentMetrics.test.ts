import { expect, test } from '@jest/globals';
import type { Agent } from './agent.ts';
import { agentMetrics } from './agentMetrics.ts';

test('of probes that delay deletions there are counters by outcome, and what they keep now', async () => {
  const unlinks = {
    counters: () => ({ held: 5n, removed: 3n, heldFiles: 2n, heldBytes: 8192n }),
    problems: () => ['the positions are stale'],
  };
  const probes = [{ uid: 'a' }, { uid: 'b', delayedUnlink: {} }];
  const agent = { host: { probes, delayedUnlinks: unlinks } } as unknown as Agent;
  const registry = agentMetrics(agent);
  const valuesOf = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values;
  expect(await valuesOf('traceprobe_agent_delayed_unlinks_total')).toMatchObject([
    { labels: { probe_uid: 'b', outcome: 'held' }, value: 5 },
    { labels: { probe_uid: 'b', outcome: 'removed' }, value: 3 },
  ]);
  expect(await valuesOf('traceprobe_agent_kept_files')).toMatchObject([
    { labels: { probe_uid: 'b' }, value: 2 },
  ]);
  expect(await valuesOf('traceprobe_agent_kept_bytes')).toMatchObject([{ value: 8192 }]);
  expect(await valuesOf('traceprobe_agent_delayed_unlink_problems')).toMatchObject([{ value: 1 }]);
});
