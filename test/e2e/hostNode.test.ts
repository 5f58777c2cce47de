import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { builtImage, imageName } from './builtImage.ts';
import { HostNode } from './hostNode.ts';

// The tests of this file follow one installation from its beginning to its end.

const minutes = 60_000;
const busybox = 'localhost/busybox:1';
const chart = new URL('../../helm/traceprobe', import.meta.url).pathname;

interface Event {
  time: string;
  comm: string;
  filename: string;
  node: string;
  'k8s.namespace': string | null;
  'k8s.pod': string | null;
  'k8s.container': string | null;
}

let node: HostNode;

beforeAll(async () => {
  node = await HostNode.start([await builtImage()]);
}, 30 * minutes);
afterAll(async () => {
  await node[Symbol.asyncDispose]();
}, minutes);

async function untilReady(probe: string, reason = 'Running'): Promise<void> {
  const condition = `jsonpath={.status.conditions[?(@.type=="Ready")].reason}=${reason}`;
  await node.kubectl('wait', `traceprobe/${probe}`, `--for=${condition}`, '--timeout=60s');
}

/** All events of a probe that the aggregator has, oldest first. */
async function events(probe: string, filter = 'true'): Promise<Event[]> {
  const args = ['query', probe, '--filter', filter, '--limit', '100000', '-o', 'json'];
  const { stdout, stderr, code } = await node.traceprobe(...args);
  if (stderr.includes('there are no events of a probe')) return [];
  if (code !== 0) throw new Error(`query ${probe}: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);
}

/** Its events, as soon as there are enough of them. */
async function atLeast(count: number, probe: string, filter?: string): Promise<Event[]> {
  for (;;) {
    const found = await events(probe, filter);
    if (found.length >= count) return found;
  }
}

/** A pod that runs a shell script to its end, whose failures are of no interest. */
async function runPod(namespace: string, name: string, script: string): Promise<void> {
  const run = ['run', name, `--image=${busybox}`, '--restart=Never', '--image-pull-policy=Never'];
  await node.kubectl('-n', namespace, ...run, '--command', '--', 'sh', '-c', `${script}; true`);
  const phase = '--for=jsonpath={.status.phase}=Succeeded';
  await node.kubectl('-n', namespace, 'wait', `pod/${name}`, phase, '--timeout=60s');
}

interface Account {
  probe: string;
  attempted: number;
  filtered: number;
  captured: number;
  stored: number;
  open: number;
  in_flight: number;
}

async function account(probe: string): Promise<Account> {
  const { stdout } = await node.traceprobe('loss', probe, '-o', 'json');
  return JSON.parse(stdout.trim().split('\n')[0] ?? '') as Account;
}

const opensBelow = (name: string, folder: string, scope: object): string =>
  JSON.stringify({
    apiVersion: 'traceprobe.io/v1alpha1',
    kind: 'TraceProbe',
    metadata: { name },
    spec: {
      points: [
        {
          name: 'openat',
          attach: 'syscall/openat',
          capture: [{ name: 'filename' }],
          filter: `filename.startsWith("${folder}/")`,
        },
      ],
      scope,
    },
  });

test(
  'helm install brings up controller, aggregator and an agent on the node; helm test agrees',
  async () => {
    const { repository, tag } = imageName;
    const values = [
      `image.repository=${repository},image.tag=${tag},image.pullPolicy=Never`,
      'aggregator.persistence.enabled=false',
    ];
    await node.output([
      ...['helm', 'install', 'traceprobe', chart, '--namespace=traceprobe', '--create-namespace'],
      ...['--set', values.join(','), '--wait', '--timeout=180s'],
    ]);
    expect(await node.output(['helm', 'test', 'traceprobe', '--namespace=traceprobe'])).toMatch(
      /Phase: +Succeeded/,
    );
    for (const namespace of ['watched', 'other']) await node.kubectl('create', 'namespace', namespace);
  },
  5 * minutes,
);

test('what a pod of a Deployment executes and opens arrives with its pod, container and namespace', async () => {
  await node.apply(`
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: execs }
spec:
  points:
    - { name: exec, attach: tracepoint/sched/sched_process_exec, capture: [{ name: filename }] }
  scope: { host: Exclude }
`);
  await node.apply(opensBelow('opens', '/tmp/e2e', { host: 'Exclude', namespaces: ['watched'] }));
  await untilReady('execs');
  await untilReady('opens');

  const script = 'while :; do cat /tmp/e2e/here; sleep 0.2; done';
  for (const namespace of ['watched', 'other']) {
    const create = ['create', 'deployment', 'web', `--image=${busybox}`, '--', 'sh', '-c', script];
    await node.kubectl('-n', namespace, ...create);
    await node.kubectl('-n', namespace, 'rollout', 'status', 'deployment/web', '--timeout=60s');
  }
  const pod = await node.kubectl('-n', 'watched', 'get', 'pods', '-o', 'jsonpath={.items[0].metadata.name}');
  const of = { node: 'host-node', 'k8s.namespace': 'watched', 'k8s.pod': pod, 'k8s.container': 'busybox' };

  const [opened] = await atLeast(1, 'opens');
  expect(opened).toMatchObject({ ...of, comm: 'cat', filename: '/tmp/e2e/here' });
  const [executed] = await atLeast(1, 'execs', 'filename == "/bin/sh" && k8s.namespace == "watched"');
  expect(executed).toMatchObject({ ...of, comm: 'sh' });
});

test('so does what a pod does that lives for 300 ms', async () => {
  await runPod('watched', 'short', 'cat /tmp/e2e/short; sleep 0.3');
  const [opened] = await atLeast(1, 'opens', 'filename == "/tmp/e2e/short"');
  expect(opened).toMatchObject({ 'k8s.pod': 'short', 'k8s.container': 'short', 'k8s.namespace': 'watched' });
});

test('a namespace out of scope stays silent, and processes of the host belong to no pod', async () => {
  await atLeast(1, 'execs', 'filename == "/bin/sh" && k8s.namespace == "other"'); // its Deployment does the same
  const namespaces = new Set((await events('opens')).map((event) => event['k8s.namespace']));
  expect(namespaces).toEqual(new Set(['watched']));
  const unattributed = (await events('execs')).filter((event) => event['k8s.pod'] === null);
  expect(unattributed).toEqual([]);
});

test('what this kernel cannot run is named in kubectl describe', async () => {
  await node.apply(`
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: nowhere }
spec:
  points:
    - { name: gone, attach: tracepoint/sched/sched_process_gone }
`);
  const failed = '--for=jsonpath={.status.nodes.failed}=1';
  await node.kubectl('wait', 'traceprobe/nowhere', failed, '--timeout=60s');
  expect(await node.kubectl('describe', 'traceprobe', 'nowhere')).toContain('sched_process_gone');
  await node.kubectl('delete', 'traceprobe', 'nowhere');
});

describe('while pods are busy', () => {
  test('an agent that is deleted comes back, and every hit is accounted for and stored once', async () => {
    await node.apply(opensBelow('busy', '/tmp/busy', { host: 'Exclude' }));
    await untilReady('busy');
    const busy = runPod(
      'watched',
      'busy',
      'i=0; while [ $i -lt 3000 ]; do cat /tmp/busy/$i; i=$((i+1)); done',
    );
    await atLeast(100, 'busy');
    const agent = ['-n', 'traceprobe', 'delete', 'pod', '-l', 'app.kubernetes.io/component=agent'];
    await node.kubectl(...agent);
    const rollout = ['rollout', 'status', 'daemonset/traceprobe-agent', '--timeout=60s'];
    await node.kubectl('-n', 'traceprobe', ...rollout);
    await busy;
    await runPod('watched', 'after', 'cat /tmp/busy/after');
    await atLeast(1, 'busy', 'filename == "/tmp/busy/after"');

    const names = (await events('busy')).map(({ filename }) => filename);
    expect(new Set(names).size).toBe(names.length); // none stored twice
    await node.kubectl('patch', 'traceprobe', 'busy', '--type=merge', '-p', '{"spec":{"suspend":true}}');
    await untilReady('busy', 'Suspended');
    let now = await account('busy');
    while (now.attempted !== now.filtered + now.captured || now.in_flight > 0) now = await account('busy');
    expect(now).toMatchObject({ stored: names.length, open: 0 });
  });

  test('a probe that is suspended captures nothing, and goes on when it is resumed', async () => {
    expect(await node.traceprobe('suspend', 'opens')).toMatchObject({ code: 0 });
    await untilReady('opens', 'Suspended');
    await runPod('watched', 'unseen', 'cat /tmp/e2e/unseen');
    expect(await node.traceprobe('resume', 'opens')).toMatchObject({ code: 0 });
    await untilReady('opens');
    await runPod('watched', 'seen', 'cat /tmp/e2e/seen');
    await atLeast(1, 'opens', 'filename == "/tmp/e2e/seen"');
    expect(await events('opens', 'filename == "/tmp/e2e/unseen"')).toEqual([]);
  });
});

test('helm uninstall leaves the CustomResourceDefinition with its probes, and no pin on the node', async () => {
  await node.output(['helm', 'uninstall', 'traceprobe', '--namespace=traceprobe', '--wait']);
  await node.kubectl(
    '-n',
    'traceprobe',
    'wait',
    '--for=delete',
    'pod',
    '-l',
    'app.kubernetes.io/name=traceprobe',
    '--timeout=60s',
  );
  expect(await node.kubectl('get', 'traceprobes', '-o', 'name')).toContain('traceprobe.traceprobe.io/opens');
  expect((await node.output(['find', '/sys/fs/bpf/traceprobe', '-type', 'f'])).trim()).toBe('');
});
