import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Host } from '../../src/agent/host.ts';
import { mountedCgroups } from '../../src/agent/workloads/cgroupHierarchy.ts';
import { NodeWorkloads } from '../../src/agent/workloads/nodeWorkloads.ts';
import { parseDocuments } from '../../src/api/index.ts';
import { compileProbe } from '../../src/probe/compile.ts';
import type { ProbePlan } from '../../src/probe/plan.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';

let host: Host;
let workloads: NodeWorkloads;
/** Of the probes that are for what runs outside of pods, as the kernel was told last. */
let gates: readonly number[];

beforeEach(() => {
  host = new Host({ onBatches: () => undefined });
  gates = [];
  workloads = new NodeWorkloads({
    root: mountedCgroups()?.root,
    tell: (set, removed) => {
      host.setWorkloads(set, removed);
      gates = set.find(({ pod }) => pod === '')?.gates ?? gates;
    },
    log: () => undefined,
  });
});

afterEach(async () => {
  await host.close();
  workloads.close();
});

function planOf(name: string): ProbePlan {
  const [manifest] = parseDocuments(
    `{ apiVersion: traceprobe.io/v1alpha1, kind: TraceProbe, metadata: { name: ${name}, uid: ${name} },
      spec: { points: [{ name: p, attach: raw_tracepoint/sys_enter }] } }`,
    name,
  );
  if (manifest === undefined) throw new Error('no probe');
  using kernel = runningKernel();
  return compileProbe(manifest.probe, kernel);
}

/** A plan that no kernel can run. */
function badPlanOf(name: string): ProbePlan {
  const plan = planOf(name);
  const points = plan.points.map((point) => ({
    ...point,
    programs: point.programs.map((program) => ({
      ...program,
      hook: { type: 'rawTracepoint' as const, name: 'no_such_tracepoint' },
    })),
  }));
  return { ...plan, points };
}

const onHost = { host: 'Only' } as const;

test('the gate of a probe that could not be loaded is only of the one that gets it next', async () => {
  const fails = async (): Promise<void> => {
    await expect(host.apply(badPlanOf('one'), workloads.scopeOf(onHost))).rejects.toThrow(
      'no_such_tracepoint',
    );
  };
  await fails();
  expect(gates).toEqual([]);
  await host.apply(planOf('two'), workloads.scopeOf(onHost));
  expect(gates).toEqual([0]);
  // Tried again, it takes and gives up another one.
  await fails();
  expect(gates).toEqual([0]);
  await host.stop('two');
  expect(gates).toEqual([]);
});

test('a probe goes by its scope until one that is for everything has taken its place', async () => {
  await host.apply(planOf('one'), workloads.scopeOf(onHost));
  await expect(host.apply(badPlanOf('one'), workloads.scopeOf(undefined))).rejects.toThrow(
    'no_such_tracepoint',
  );
  expect(gates).toEqual([0]);
  await host.apply(planOf('one'), workloads.scopeOf(undefined));
  expect(gates).toEqual([]);
  await host.apply(planOf('one'), workloads.scopeOf(onHost));
  expect(gates).toEqual([0]);
});
