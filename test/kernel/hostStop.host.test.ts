import { expect, test } from '@jest/globals';
import { Host } from '../../src/agent/host.ts';
import { parseDocuments } from '../../src/api/index.ts';
import { compileProbe } from '../../src/probe/compile.ts';
import type { ProbePlan } from '../../src/probe/plan.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';
import { openBpfFds } from './openFds.ts';

function planOf(name: string): ProbePlan {
  const [manifest] = parseDocuments(
    `{ apiVersion: traceprobe.io/v1alpha1, kind: TraceProbe, metadata: { name: ${name}, uid: ${name} },
      spec: { points: [{ name: openat, attach: syscall/openat, capture: [{ name: filename }] }] } }`,
    name,
  );
  if (manifest === undefined) throw new Error('no probe');
  using kernel = runningKernel();
  return compileProbe(manifest.probe, kernel);
}

test('a probe that several want stopped at once is stopped once, and has one account', async () => {
  const host = new Host({ onBatches: () => undefined });
  await host.apply(planOf('one'));
  const [first, second] = await Promise.all([host.stop('one'), host.stop('one')]);
  expect(second).toBe(first);
  // Its place is free once: two probes after it do not share one.
  await host.apply(planOf('two'));
  await host.apply(planOf('three'));
  expect(host.probes.map(({ uid }) => uid)).toEqual(['two', 'three']);
  await host.close();
  expect(openBpfFds()).toEqual([]);
});

test('a host that is closed while a probe is being stopped leaves nothing open', async () => {
  const host = new Host({ onBatches: () => undefined });
  for (const name of ['one', 'two']) await host.apply(planOf(name));
  const stopping = host.stop('two');
  await host.close();
  await stopping;
  expect(openBpfFds()).toEqual([]);
});
