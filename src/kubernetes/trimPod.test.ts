import { expect, test } from '@jest/globals';
import { trimPod, type PodObject } from './trimPod.ts';

function pod(fields: Partial<PodObject>, annotations: Record<string, string> = {}): PodObject {
  const metadata = { name: 'p', namespace: 'n', uid: 'u', annotations, managedFields: ['long'] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'node' }, ...fields };
}

test('every kind of container has its id without the prefix of the runtime, or none yet', () => {
  const ids = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64));
  const trimmed = trimPod(
    pod({
      spec: {
        nodeName: 'node',
        containers: [{ name: 'main' }, { name: 'starting' }],
        initContainers: [{ name: 'init' }, { name: 'sidecar' }],
        ephemeralContainers: [{ name: 'debugger' }],
      },
      status: {
        phase: 'Running',
        containerStatuses: [{ name: 'main', containerID: `containerd://${ids[0]}` }, { name: 'starting' }],
        initContainerStatuses: [
          { name: 'init', containerID: `cri-o://${ids[1]}` },
          { name: 'sidecar', containerID: `docker://${ids[2]}` },
        ],
        ephemeralContainerStatuses: [{ name: 'debugger', containerID: `containerd://${ids[3]}` }],
      },
    }),
  );
  expect(trimmed?.containers).toEqual([
    { name: 'init', id: ids[1] },
    { name: 'sidecar', id: ids[2] },
    { name: 'main', id: ids[0] },
    { name: 'starting', id: '' },
    { name: 'debugger', id: ids[3] },
  ]);
});

test('nothing is kept that attribution does not need', () => {
  expect(trimPod(pod({}))).toEqual({
    ...{ uid: 'u', namespace: 'n', name: 'p', nodeName: 'node' },
    ...{ labels: {}, containers: [], configHash: '', phase: '' },
  });
});

test('a static pod has the hash of its configuration', () => {
  const hash = 'kubernetes.io/config.hash';
  const mirror = 'kubernetes.io/config.mirror';
  expect(trimPod(pod({}, { [hash]: 'h', [mirror]: 'h' }))?.configHash).toBe('h');
});

test('a pod on no node is left out', () => {
  expect(trimPod(pod({ spec: {} }))).toBeUndefined();
});
