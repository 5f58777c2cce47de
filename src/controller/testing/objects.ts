import { traceProbeResource, type TraceProbe, type TraceProbeSpec } from '../../api/index.ts';
import type { NodeRecord } from '../nodeRecord.ts';
import type { ProbeAnswer } from '../nodeReport.ts';
import type { NodeView } from '../nodeView.ts';

/** When test probes were created. */
export const created = Date.parse('2026-01-01T00:00:00Z');

/** A TraceProbe as the API server has it. */
export function testProbe(
  spec: Partial<TraceProbeSpec> = {},
  metadata: Partial<TraceProbe['metadata']> = {},
): TraceProbe {
  const { apiVersion, kind } = traceProbeResource;
  return {
    apiVersion,
    kind,
    metadata: {
      name: 'opens',
      uid: 'uid-opens',
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: new Date(created).toISOString(),
      ...metadata,
    },
    spec: {
      points: [{ name: 'openat', attach: 'syscall/openat' }],
      rollout: { strategy: 'Auto' },
      limits: { eventsPerSecondPerNode: 10_000, cpuPercentPerNode: 5 },
      retention: { maxAge: '24h', maxBytes: '1Gi' },
      suspend: false,
      ...spec,
    },
  };
}

export function testNode(
  name: string,
  labels: Record<string, string> = {},
  kernelRelease = '6.1.0',
): NodeRecord {
  return { name, uid: `uid-${name}`, labels, kernelRelease };
}

/** A node that runs generation 1. */
export function testView(
  name: string,
  answer: Partial<ProbeAnswer> = {},
  view: Partial<NodeView> = {},
): NodeView {
  return {
    name,
    agent: 'Connected',
    answer: { generation: 1, state: 'Running', reason: '', message: '', losing: [], notes: [], ...answer },
    delivering: true,
    deliveryMessage: '',
    ...view,
  };
}
