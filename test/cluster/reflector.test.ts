import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { ApiError } from '../../src/kubernetes/apiError.ts';
import { Backoff } from '../../src/service/backoff.ts';
import { PodReflector } from '../../src/kubernetes/podReflector.ts';
import { Reflector, type ReflectorOptions } from '../../src/kubernetes/reflector.ts';
import { resourcePath } from '../../src/kubernetes/resourcePath.ts';
import { ChangeLog } from '../../src/kubernetes/testing/changeLog.ts';
import { CuttableProxy } from './simulated/cuttableProxy.ts';
import { until } from '../../src/testing/until.ts';
import type { KubernetesObject } from '../../src/api/kubernetesObject.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';

interface ConfigMap extends KubernetesObject {
  data?: Record<string, string>;
}

let cluster: ControlPlane;
let direct: ApiClient;
let namespaces = 0;

beforeAll(async () => {
  cluster = await startControlPlane();
  direct = new ApiClient(cluster.kubeConfig, 'cluster-test');
});
afterAll(async () => {
  direct[Symbol.dispose]();
  await cluster.close();
});

let namespace: string;
let collection: string;
let proxy: CuttableProxy;
let api: ApiClient;
let log: ChangeLog<ConfigMap>;
let reflector: Reflector<ConfigMap, ConfigMap> | undefined;
let errors: unknown[];
let counts: { restarts: number; relists: number };

beforeEach(async () => {
  namespaces += 1;
  namespace = `reflector-${namespaces}`;
  await cluster.createNamespace(namespace);
  collection = resourcePath({ version: 'v1', resource: 'configmaps', namespace });
  proxy = await CuttableProxy.start(Number(new URL(cluster.url).port));
  api = new ApiClient(proxy.kubeConfigLike(cluster.kubeConfig), 'cluster-test');
  log = new ChangeLog(({ metadata, data }) => `${metadata.name}=${data?.['value'] ?? ''}`);
  errors = [];
  counts = { restarts: 0, relists: 0 };
});
afterEach(async () => {
  await reflector?.stop();
  reflector = undefined;
  api[Symbol.dispose]();
  await proxy[Symbol.asyncDispose]();
});

function start(
  options: Partial<ReflectorOptions<ConfigMap, ConfigMap>> = {},
): Reflector<ConfigMap, ConfigMap> {
  reflector = new Reflector<ConfigMap, ConfigMap>({
    api,
    path: collection,
    transform: (object) => object,
    onChange: log.onChange,
    onError: (error) => errors.push(error),
    onRestart: () => (counts.restarts += 1),
    onRelist: () => (counts.relists += 1),
    backoff: new Backoff({ firstMs: 10, maxMs: 200 }),
    ...options,
  });
  return reflector;
}

async function set(name: string, value: string): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } };
  await direct.patch(`${collection}/${name}`, object, { type: 'apply', fieldManager: 'test', force: true });
}

async function remove(name: string): Promise<void> {
  await direct.delete(`${collection}/${name}`);
}

test('pages, then changes as they happen', async () => {
  for (let i = 0; i < 5; i += 1) await set(`map-${i}`, 'old');
  const { synced } = start({ pageSize: 2 });
  await synced;
  expect(log.lines).toEqual([0, 1, 2, 3, 4].map((i) => `added map-${i}=old`));
  await set('map-0', 'new');
  await remove('map-1');
  await set('map-5', 'new');
  await log.has('added map-5=new');
  expect(log.lines.slice(5)).toEqual(['changed map-0=new', 'deleted map-1=old', 'added map-5=new']);
});

test('connections that are reset cost no change, and no list', async () => {
  await set('map', '0');
  await start().synced;
  for (let i = 1; i <= 5; i += 1) {
    proxy.cut();
    await set('map', String(i));
    await log.has(`changed map=${i}`);
  }
  expect(log.lines).toHaveLength(6);
  expect(counts.relists).toBe(0);
});

test('a watch that stalls without a word is given up', async () => {
  await set('map', '0');
  await start({ silenceMs: 500 }).synced;
  await set('map', '1');
  await log.has('changed map=1'); // the watch is there
  proxy.stall();
  await set('map', '2');
  await log.has('changed map=2');
  expect(errors).toContainEqual(expect.objectContaining({ reason: 'TimedOut' }));
  expect(counts.relists).toBe(0);
});

test('an API server that ends every watch in good order is watched on', async () => {
  await set('map', '0');
  await start({ watchSeconds: () => 1 }).synced;
  await until(() => counts.restarts >= 2);
  await set('map', '1');
  await log.has('changed map=1');
  expect(counts.relists).toBe(0);
});

// Told to end in good order the API server waits a minute for watches to end: its end is what counts.
test('an API server that is restarted is watched on', async () => {
  await set('map', '0');
  await start().synced;
  await set('map', '1');
  await log.has('changed map=1');
  await cluster.restart();
  await set('map', '2');
  await log.has('changed map=2');
  expect(log.lines).toEqual(['added map=0', 'changed map=1', 'changed map=2']);
});

test('history that the API server no longer has (410) makes it list again, and tells what it missed', async () => {
  await set('gone', '0');
  await set('map', '0');
  await start().synced;
  await set('map', '1');
  await log.has('changed map=1');
  proxy.close();
  await set('map', '2');
  await remove('gone');
  await set('new', '0');
  // A restarted API server remembers nothing from before its start: its watch cache begins there.
  await cluster.restart();
  proxy.open();
  await log.has('deleted gone=0');
  expect(log.lines.slice(3).sort()).toEqual(['added new=0', 'changed map=2', 'deleted gone=0']);
  expect(errors.some((error) => error instanceof ApiError && error.status === 410)).toBe(true);
  await until(() => counts.relists >= 1);
  await set('map', '3');
  await log.has('changed map=3');
});

test('a kind that is not there yet is found when it is', async () => {
  const path = resourcePath({ group: 'test.example', version: 'v1', resource: 'widgets' });
  const { synced } = start({ path });
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  await direct.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.test.example' },
    spec: {
      group: 'test.example',
      scope: 'Cluster',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  });
  await synced;
  await direct.create(path, {
    apiVersion: 'test.example/v1',
    kind: 'Widget',
    metadata: { name: 'w' },
    data: { value: '1' },
  });
  await log.has('added w=1');
});

test('pods on nodes come trimmed from their thread; those on none do not come', async () => {
  const changes: string[] = [];
  const failures: unknown[] = [];
  await cluster.createPod({ namespace, name: 'first', node: 'node-a', labels: { app: 'shop' } });
  const pods = new PodReflector({
    kubeConfig: proxy.kubeConfigLike(cluster.kubeConfig),
    onChanges: (batch) => changes.push(...batch.map(({ type, object }) => `${type} ${object.name}`)),
    onError: (error) => failures.push(error),
  });
  try {
    await pods.synced;
    const [first] = [...pods.values()].filter((pod) => pod.namespace === namespace);
    expect(first).toEqual({
      uid: expect.any(String),
      namespace,
      name: 'first',
      nodeName: 'node-a',
      labels: { app: 'shop' },
      containers: [{ name: 'main', id: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      configHash: '',
      phase: 'Running',
    });
    proxy.cut();
    await direct.create(resourcePath({ version: 'v1', resource: 'pods', namespace }), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'unbound' },
      spec: { containers: [{ name: 'main', image: 'example.test/image' }] },
    });
    await cluster.createPod({ namespace, name: 'second', node: 'node-a' });
    await until(() => changes.includes('added second'));
    await cluster.deletePod({ namespace, name: 'first' });
    await until(() => changes.includes('deleted first'));
    expect(changes.filter((line) => line.includes('unbound'))).toEqual([]);
    expect(pods.has(first?.uid ?? '', 'node-a')).toBe(false);
  } finally {
    await pods.stop();
  }
});
