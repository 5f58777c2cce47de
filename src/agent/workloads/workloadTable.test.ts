import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { beforeEach, expect, test } from '@jest/globals';
import { NodePodSchema, type NodePod } from '../../rpc/gen/traceprobe/v1/agent_pb.ts';
import { WorkloadTable, type WorkloadChanges } from './workloadTable.ts';

const uid = '0b2ca6c4-4b7a-4a57-9ca8-1f3a0b2d4c5e';
const id = 'a'.repeat(64);
const hash = 'f'.repeat(32);
const podPath = `/kubepods/pod${uid}`;

let now: number;
let table: WorkloadTable;

beforeEach(() => {
  now = 0;
  table = new WorkloadTable(() => now);
});

function pod(changes: MessageInitShape<typeof NodePodSchema> = {}): NodePod {
  return create(NodePodSchema, {
    ...{ uid, namespace: 'shop', name: 'web-1', containers: [{ name: 'nginx', id }] },
    ...changes,
  });
}

const paths = (all: Record<number, string>): Map<bigint, string> =>
  new Map(Object.entries(all).map(([cgroup, path]) => [BigInt(cgroup), path]));

/** cgroup: namespace/pod/container [gates] */
function brief({ set, removed }: WorkloadChanges): string[] {
  return [
    ...set.map(
      ({ cgroup, namespace, pod: name, container, gates }) =>
        `${cgroup}: ${namespace}/${name}/${container} [${gates.join()}]`,
    ),
    ...removed.map((cgroup) => `${cgroup} removed`),
  ];
}

test('only what changed is told', () => {
  const tree = paths({ 1: '/', 5: podPath, 6: `${podPath}/${id}` });
  expect(brief(table.changes(tree, [pod()]))).toEqual([
    '1: // []',
    '5: shop/web-1/ []',
    '6: shop/web-1/nginx []',
  ]);
  expect(brief(table.changes(tree, [pod()]))).toEqual([]);
  tree.set(7n, `${podPath}/${id}/inner`);
  tree.delete(1n);
  expect(brief(table.changes(tree, [pod()]))).toEqual(['7: shop/web-1/nginx []', '1 removed']);
});

test('a pod of which nobody has told is left open, and known when it is told', () => {
  const tree = paths({ 6: `${podPath}/${id}` });
  expect(brief(table.changes(tree, []))).toEqual([]);
  expect(brief(table.changes(tree, [pod()]))).toEqual(['6: shop/web-1/nginx []']);
});

test('a static pod is known by its configuration hash', () => {
  const tree = paths({ 6: `/kubepods/besteffort/pod${hash}/${id}` });
  expect(brief(table.changes(tree, [pod({ configHash: hash })]))).toEqual(['6: shop/web-1/nginx []']);
});

test('a container that is not told of yet is waited for, then it is of its pod and of no container', () => {
  const tree = paths({ 6: `${podPath}/${id}` });
  const early = pod({ containers: [{ name: 'nginx' }] });
  expect(brief(table.changes(tree, [early]))).toEqual([]);
  expect(table.waits).toBe(true);
  now = 3999;
  expect(brief(table.changes(tree, [early]))).toEqual([]);
  now = 4000;
  expect(brief(table.changes(tree, [early]))).toEqual(['6: shop/web-1/ []']);
  expect(table.waits).toBe(false);
  expect(brief(table.changes(tree, [pod()]))).toEqual(['6: shop/web-1/nginx []']);
});

test('a container that is told of in time is never without a name', () => {
  const tree = paths({ 6: `${podPath}/${id}` });
  table.changes(tree, [pod({ containers: [] })]);
  now = 1000;
  expect(brief(table.changes(tree, [pod()]))).toEqual(['6: shop/web-1/nginx []']);
  expect(table.waits).toBe(false);
});

test('a pod that was deleted keeps its name until its cgroup has gone', () => {
  const tree = paths({ 6: `${podPath}/${id}` });
  table.changes(tree, [pod()]);
  expect(brief(table.changes(tree, []))).toEqual([]);
  expect(brief(table.changes(paths({}), []))).toEqual(['6 removed']);
});

test('scopes are kept by gate, and one that ends is taken back everywhere', () => {
  const tree = paths({ 1: '/system.slice', 6: `${podPath}/${id}` });
  table.place(3, { namespaces: ['shop'] });
  table.place(4, { host: 'Only' });
  expect(brief(table.changes(tree, [pod()]))).toEqual(['1: // [4]', '6: shop/web-1/nginx [3]']);
  table.place(3, { namespaces: ['bank'] });
  expect(brief(table.changes(tree, [pod()]))).toEqual(['6: shop/web-1/nginx []']);
  table.free(4);
  expect(brief(table.changes(tree, [pod()]))).toEqual(['1: // []']);
});

test('labels of the pod and its namespace can change what selects it', () => {
  const tree = paths({ 6: `${podPath}/${id}` });
  table.place(3, { podSelector: { matchLabels: { app: 'web' } } });
  expect(brief(table.changes(tree, [pod()]))).toEqual(['6: shop/web-1/nginx []']);
  expect(brief(table.changes(tree, [pod({ labels: { app: 'web' } })]))).toEqual(['6: shop/web-1/nginx [3]']);
});

test("no probe is for another node's cgroups, where nodes share a kernel", () => {
  table.place(3, undefined);
  const tree = paths({ 1: '/' });
  expect(brief(table.changes(tree, [], new Set([99n])))).toEqual(['1: // [3]', '99: // []']);
  tree.set(99n, '/new');
  expect(brief(table.changes(tree, [], new Set([99n])))).toEqual(['99: // [3]']);
});
