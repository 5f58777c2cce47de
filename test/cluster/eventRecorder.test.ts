import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { EventRecorder } from '../../src/kubernetes/eventRecorder.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';

let cluster: ControlPlane;
beforeAll(async () => {
  cluster = await startControlPlane();
});
afterAll(() => cluster.close());

interface EventObject {
  reason: string;
  note: string;
  regarding: { name: string };
  series?: { count: number };
}

test('repeated events are one Event with a count, beside its object', async () => {
  const node = await cluster.createNode('node-a');
  using api = new ApiClient(cluster.kubeConfig);
  const errors: unknown[] = [];
  {
    await using recorder = new EventRecorder({
      api,
      reportingController: 'traceprobe.io/controller',
      reportingInstance: 'controller-1',
      onError: (error) => errors.push(error),
    });
    const regarding = { apiVersion: 'v1', kind: 'Node', name: 'node-a', uid: node.metadata?.uid ?? '' };
    for (let i = 0; i < 3; i += 1) {
      recorder.record(regarding, {
        type: 'Warning',
        reason: 'Refused',
        action: 'Connecting',
        note: `try ${i}`,
      });
    }
    recorder.record(regarding, {
      type: 'Normal',
      reason: 'Running',
      action: 'Planning',
      note: 'ä'.repeat(2000),
    });
  }
  expect(errors).toEqual([]);
  const { items } = await api.list<EventObject>('/apis/events.k8s.io/v1/namespaces/default/events');
  const ours = items.filter(({ regarding }) => regarding.name === 'node-a');
  expect(ours).toHaveLength(2);
  expect(ours.find(({ reason }) => reason === 'Refused')).toMatchObject({
    note: 'try 0',
    series: { count: 3 },
  });
  const { stdout } = await cluster.kubectl(['describe', 'node', 'node-a']);
  expect(stdout).toMatch(/Warning\s+Refused\s+.*\(x3 over .*\).*try 0/);
});
