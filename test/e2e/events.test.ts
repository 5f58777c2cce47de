import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute } from '../vm/execute.ts';
import { KindCluster } from './kindCluster.ts';
import { Pods } from './pods.ts';
import { Probes } from './probes.ts';

const cluster = KindCluster.running();
const probes = new Probes(cluster);
const script = 'while :; do cat /tmp/e2e/here; sleep 0.2; done';
let watched: Pods;
let other: Pods;

beforeAll(async () => {
  watched = await Pods.in(cluster, 'watched');
  other = await Pods.in(cluster, 'other');
  const exec = {
    ...{ name: 'exec', attach: 'tracepoint/sched/sched_process_exec' },
    ...{ capture: [{ name: 'filename' }], filter: 'comm == "sh" || comm == "cat"' },
  };
  await probes.run('execs', { points: [exec] });
  await probes.runOpens('opens', '/tmp/e2e', { host: 'Exclude', namespaces: ['watched'] });
});
afterAll(async () => {
  await probes.delete('execs');
  await probes.delete('opens');
  await watched[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

test('what the pod of a Deployment executes and opens arrives with its node, namespace, pod and container', async () => {
  await other.deploy('web', script);
  const pod = await watched.deploy('web', script);
  const of = { 'k8s.namespace': 'watched', 'k8s.pod': pod, 'k8s.container': 'busybox' };
  const node = await watched.node(pod);

  const [opened] = await probes.atLeast(1, 'opens');
  expect(opened).toMatchObject({ ...of, node, comm: 'cat', filename: '/tmp/e2e/here' });
  const [executed] = await probes.atLeast(1, 'execs', 'filename == "/bin/sh" && k8s.namespace == "watched"');
  expect(executed).toMatchObject({ ...of, node, comm: 'sh' });
});

test('so does what a pod does that lives for 300 ms', async () => {
  await watched.run('short', 'cat /tmp/e2e/short; sleep 0.3');
  const [opened] = await probes.atLeast(1, 'opens', 'filename == "/tmp/e2e/short"');
  expect(opened).toMatchObject({ 'k8s.pod': 'short', 'k8s.container': 'short', 'k8s.namespace': 'watched' });
});

test('a namespace out of scope stays silent', async () => {
  // Its Deployment does the same, and is seen where it is in scope.
  await probes.atLeast(1, 'execs', 'filename == "/bin/sh" && k8s.namespace == "other"');
  const namespaces = new Set((await probes.events('opens')).map((event) => event['k8s.namespace']));
  expect(namespaces).toEqual(new Set(['watched']));
});

test('processes of a node belong to that node and no pod, those of the machine outside to no node', async () => {
  const filter = 'filename.startsWith("/tmp/host/")';
  const point = { name: 'openat', attach: 'syscall/openat', capture: [{ name: 'filename' }], filter };
  await probes.run('anywhere', { points: [point] });
  await execute('sh', ['-c', 'cat /tmp/host/outside || true']);
  for (const node of KindCluster.nodes) {
    await cluster.onNode(node, 'sh', '-c', `cat /tmp/host/${node} || true`);
  }
  const events = await probes.atLeast(KindCluster.nodes.length, 'anywhere');
  expect(new Set(events.map(({ node, filename }) => [node, filename]))).toEqual(
    new Set(KindCluster.nodes.map((node) => [node, `/tmp/host/${node}`])),
  );
  expect(events.map((event) => event['k8s.pod'])).toEqual(events.map(() => null));
  await probes.delete('anywhere');
});

test('what the kernel of a node cannot run is named in kubectl describe', async () => {
  await cluster.apply({
    ...{ apiVersion: 'traceprobe.io/v1alpha1', kind: 'TraceProbe', metadata: { name: 'nowhere' } },
    spec: { points: [{ name: 'gone', attach: 'tracepoint/sched/sched_process_gone' }] },
  });
  await probes.until('nowhere', '{.status.nodes.failed}', String(KindCluster.nodes.length));
  const described = await cluster.kubectl('describe', 'traceprobe', 'nowhere');
  expect(described).toContain('sched_process_gone');
  for (const node of KindCluster.nodes) expect(described).toContain(node);
  await probes.delete('nowhere');
});
