import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { mountedCgroups, type CgroupHierarchy } from '../../src/agent/workloads/cgroupHierarchy.ts';
import { parseDocuments } from '../../src/api/index.ts';
import { decodeBatch } from '../../src/codec/decodeBatch.ts';
import {
  DesiredProbeSchema,
  DesiredStateSchema,
  type NodePodSchema,
} from '../../src/rpc/gen/traceprobe/v1/agent_pb.ts';
import { StandInAggregator, StandInController } from './agentStandIns.ts';

/** Of version 1, 2 or both, what this machine has. */
function hierarchies(): CgroupHierarchy[] {
  const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8');
  const onlyV2 = mountinfo.replace(/^.* - cgroup .*$/gm, '');
  const found = [mountedCgroups(mountinfo), mountedCgroups(onlyV2)].filter((each) => each !== undefined);
  return found.filter(({ root: path }, index) => found.findIndex(({ root }) => root === path) === index);
}

const uid = '0b2ca6c4-4b7a-4a57-9ca8-1f3a0b2d4c5e';
const ids = { web: 'a'.repeat(63) + '1', side: 'b'.repeat(63) + '2' };
const parent = `traceprobe-test-${process.pid}`;

let hierarchy: CgroupHierarchy;
/** The kubelet's root. */
let pods: string;
let directory: string;
let controller: StandInController;
let aggregator: StandInAggregator;
const agents: Agent[] = [];
/** Cgroups in the order in which they were made. */
const made: string[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-'));
  controller = new StandInController();
  aggregator = new StandInAggregator();
  await controller.listen();
  await aggregator.listen();
});

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.close(0);
  controller.close();
  aggregator.close();
  rmSync(directory, { recursive: true });
  for (const cgroup of made.splice(0).reverse()) if (existsSync(cgroup)) rmdirSync(cgroup);
});

function makeCgroup(path: string): string {
  const { root } = hierarchy;
  let at = root;
  for (const part of path.slice(root.length + 1).split('/')) {
    at = join(at, part);
    if (existsSync(at)) continue;
    mkdirSync(at);
    made.push(at);
  }
  return path;
}

/** A process of the cgroup (undefined: of ours) looks for a file that does not exist. */
async function openIn(cgroup: string | undefined, file: string): Promise<void> {
  const enter = cgroup === undefined ? '' : `echo $$ > ${cgroup}/cgroup.procs && `;
  const child = spawn('sh', ['-c', `${enter}exec cat ${file}`], { stdio: 'ignore' });
  await once(child, 'exit');
}

function want(probes: Record<string, string>, nodePods: MessageInitShape<typeof NodePodSchema>[]): void {
  controller.desired = create(DesiredStateSchema, {
    ...{ revision: 1n, complete: true, aggregator: aggregator.address, pods: nodePods },
    probes: Object.entries(probes).map(([name, more]) => {
      const spec = `{ points: [{ name: openat, attach: syscall/openat, capture: [{ name: filename }], filter: ${more} }`;
      const document = `{ apiVersion: traceprobe.io/v1alpha1, kind: TraceProbe, metadata: { name: ${name} }, spec: ${spec} }`;
      const [manifest] = parseDocuments(document, name);
      return create(DesiredProbeSchema, {
        ...{ uid: name, name, generation: 1n },
        spec: Buffer.from(JSON.stringify(manifest?.probe.spec)),
      });
    }),
  });
}

function start(nodeName = 'node-1', root = hierarchy.root): Agent {
  const agent = new Agent({
    ...{ controller: controller.address, credentials: credentials.createInsecure(), token: () => 'token' },
    ...{ nodeName, version: '0.0.0', dataDirectory: join(directory, nodeName), flushMilliseconds: 10 },
    ...{ backoff: { firstMs: 5, maxMs: 20 }, log: () => undefined, cgroups: { ...hierarchy, root } },
  });
  agents.push(agent);
  return agent;
}

/** namespace/pod/container of each event, in order; `by`: that this agent reported. */
function owners(probe: string, by?: Agent): string[] {
  const reporter = by?.host.epoch.toString('hex');
  return aggregator.batches
    .filter(({ probeUid, rows }) => probeUid === probe && rows > 0)
    .filter(({ epoch }) => reporter === undefined || epoch === reporter)
    .flatMap(({ bytes, rows }) => {
      const { columns, workloads } = decodeBatch(bytes, ['String']);
      const codes = columns.get(9);
      return Array.from({ length: rows }, (_, row) => {
        const code = codes !== undefined && 'values' in codes ? Number(codes.values[row]) : 0;
        const { namespace, pod, container } = workloads[code - 1] ?? {
          namespace: '',
          pod: '',
          container: '',
        };
        return `${namespace}/${pod}/${container}`;
      });
    });
}

const pod: MessageInitShape<typeof NodePodSchema> = {
  ...{ uid, namespace: 'shop', name: 'web-1', labels: { app: 'web' } },
  containers: [
    { name: 'nginx', id: ids.web },
    { name: 'sidecar', id: ids.side },
  ],
};

describe.each(hierarchies())('with cgroups of version $version', (mounted) => {
  beforeEach(() => {
    hierarchy = mounted;
    pods = join(mounted.root, parent, 'kubepods');
  });

  test('events have the names of their pod and container, of sub-cgroups too, and filters see them', async () => {
    const web = makeCgroup(join(pods, `pod${uid}`, ids.web));
    const file = '/nonexistent/workload';
    want(
      {
        all: `'filename == "${file}"' }]`,
        nginx: `'filename == "${file}" && k8s.container == "nginx"' }]`,
        elsewhere: `'filename == "${file}" && k8s.namespace == ""' }]`,
      },
      [pod],
    );
    start();
    await controller.reportOf('elsewhere', 'Running');
    await openIn(web, file);
    await openIn(makeCgroup(join(web, 'inner')), file);
    await openIn(makeCgroup(join(pods, `pod${uid}`, ids.side)), file);
    await openIn(undefined, file);
    await aggregator.until(() => owners('all').length === 4 && owners('nginx').length === 2);
    expect(owners('all').sort()).toEqual([
      '//',
      'shop/web-1/nginx',
      'shop/web-1/nginx',
      'shop/web-1/sidecar',
    ]);
    expect(owners('nginx')).toEqual(['shop/web-1/nginx', 'shop/web-1/nginx']);
    await aggregator.until(() => owners('elsewhere').length === 1);
  });

  test('a scope is kept to, with an exact account, and a container that comes later is in it', async () => {
    const file = '/nonexistent/scope';
    want(
      {
        shop: `'filename == "${file}"' }], scope: { namespaces: [shop], containers: [nginx] }`,
        host: `'filename == "${file}"' }], scope: { host: Only }`,
      },
      [pod],
    );
    const running = start();
    await controller.reportOf('host', 'Running');
    await openIn(undefined, file);
    await openIn(makeCgroup(join(pods, `pod${uid}`, ids.web)), file);
    await openIn(makeCgroup(join(pods, `pod${uid}`, ids.side)), file);
    await aggregator.until(() => owners('shop').length === 1 && owners('host').length === 1);
    agents.splice(agents.indexOf(running), 1);
    await running.close();
    expect(owners('shop')).toEqual(['shop/web-1/nginx']);
    expect(owners('host')).toEqual(['//']);
    for (const account of aggregator.accounts.values()) {
      expect(account).toMatchObject({ delivered: 1n, lost: {}, final: true });
      expect(account.attempted).toBe(account.filteredInKernel + account.captured + account.open);
      expect(account.captured).toBe(account.delivered + account.filteredNatively);
    }
  });

  test('events of a pod that the controller tells of later wait for its name', async () => {
    const file = '/nonexistent/later';
    want({ all: `'filename == "${file}"' }]` }, []);
    start();
    await controller.reportOf('all', 'Running');
    await openIn(makeCgroup(join(pods, `pod${uid}`, ids.web)), file);
    controller.send(create(DesiredStateSchema, { revision: 2n, pods: [pod] }));
    await aggregator.until(() => owners('all').length === 1);
    expect(owners('all')).toEqual(['shop/web-1/nginx']);
  });

  test('events go on waiting for the name of their pod while other probes stop and change', async () => {
    const file = '/nonexistent/patient';
    const all = `'filename == "${file}"' }]`;
    want({ all, stopping: all, changing: all }, []);
    const running = start();
    await controller.reportOf('changing', 'Running');
    await openIn(makeCgroup(join(pods, `pod${uid}`, ids.web)), file);
    const [kept, , changing] = controller.desired?.probes ?? [];
    if (kept === undefined || changing === undefined) throw new Error('no probes');
    const changed = create(DesiredProbeSchema, { ...changing, generation: 2n });
    controller.send(create(DesiredStateSchema, { revision: 2n, complete: true, probes: [kept, changed] }));
    await controller.reportOf('changing', 'Running', 2n);
    controller.send(
      create(DesiredStateSchema, { revision: 3n, pods: [pod], aggregator: aggregator.address }),
    );
    await aggregator.until(() => owners('all').length === 1);
    expect(owners('all')).toEqual(['shop/web-1/nginx']);
    expect(running.host.account('all').unattributed).toBe(0n);
  });

  test('an event of which nobody says whose it is has no pod, and is counted', async () => {
    const file = '/nonexistent/unknown';
    want({ all: `'filename == "${file}"' }]` }, []);
    const running = start();
    await controller.reportOf('all', 'Running');
    await openIn(makeCgroup(join(pods, `pod${uid}`, ids.web)), file);
    await openIn(undefined, file);
    agents.splice(agents.indexOf(running), 1);
    // What waits is decided when the probe ends.
    await running.close();
    expect(owners('all')).toEqual(['//', '//']);
    const [account] = aggregator.accounts.values();
    expect(account).toMatchObject({ captured: 2n, delivered: 2n, unattributed: 1n, lost: {} });
  });

  test('where nodes share a kernel, as in kind, every event is of exactly one, and those of no node of none', async () => {
    const file = '/nonexistent/shared';
    const roots = ['a', 'b'].map((node) => makeCgroup(join(hierarchy.root, parent, node)));
    const [a = '', b = ''] = roots;
    const webOf = (root: string): string =>
      makeCgroup(join(root, 'kubelet', 'kubepods', `pod${uid}`, ids.web));
    const cgroups = [webOf(a), webOf(b), makeCgroup(join(a, 'system')), makeCgroup(join(b, 'system'))];
    want({ all: `'filename == "${file}"' }]` }, [pod]);
    const [first, second] = [start('a', a), start('b', b)];
    for (const agent of [first, second]) {
      await controller.until(() => agent.reports.get('all')?.state === 'Running');
    }
    await openIn(undefined, file);
    for (const cgroup of cgroups) await openIn(cgroup, file);
    await openIn(undefined, file);
    // A cgroup that comes later is told of in time as well.
    await openIn(makeCgroup(join(b, 'kubelet', 'kubepods', `pod${uid}`, ids.side)), file);
    await aggregator.until(() => owners('all').length === 5);
    for (const agent of agents.splice(0)) await agent.close();
    expect(owners('all', first).sort()).toEqual(['//', 'shop/web-1/nginx']);
    expect(owners('all', second).sort()).toEqual(['//', 'shop/web-1/nginx', 'shop/web-1/sidecar']);
    expect(owners('all')).toHaveLength(5);
    for (const account of aggregator.accounts.values()) {
      expect(account).toMatchObject({ lost: {}, final: true });
      expect(account.captured).toBe(account.delivered + account.filteredNatively);
    }
  });
});
