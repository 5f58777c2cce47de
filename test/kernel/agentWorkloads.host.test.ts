import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { cgroup2Mount } from '../../src/agent/workloads/cgroupTree.ts';
import { parseDocuments } from '../../src/api/index.ts';
import { decodeBatch } from '../../src/codec/decodeBatch.ts';
import {
  DesiredProbeSchema,
  DesiredStateSchema,
  type NodePodSchema,
} from '../../src/rpc/gen/traceprobe/v1/agent_pb.ts';
import { StandInAggregator, StandInController } from './agentStandIns.ts';

const mount = cgroup2Mount() ?? '';
const withCgroups = mount === '' ? test.skip : test;
const uid = '0b2ca6c4-4b7a-4a57-9ca8-1f3a0b2d4c5e';
const ids = { web: 'a'.repeat(63) + '1', side: 'b'.repeat(63) + '2' };
const root = `traceprobe-test-${process.pid}`;
const pods = join(mount, root, 'kubepods');

let directory: string;
let controller: StandInController;
let aggregator: StandInAggregator;
let agent: Agent | undefined;
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
  await agent?.close(0);
  agent = undefined;
  controller.close();
  aggregator.close();
  rmSync(directory, { recursive: true });
  for (const cgroup of made.splice(0).reverse()) if (existsSync(cgroup)) rmdirSync(cgroup);
});

function makeCgroup(path: string): string {
  let at = mount;
  for (const part of path.slice(mount.length + 1).split('/')) {
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

function start(): Agent {
  agent = new Agent({
    ...{ controller: controller.address, credentials: credentials.createInsecure(), token: () => 'token' },
    ...{ nodeName: 'node-1', version: '0.0.0', dataDirectory: directory, flushMilliseconds: 10 },
    ...{ backoff: { firstMs: 5, maxMs: 20 }, log: () => undefined },
  });
  return agent;
}

/** namespace/pod/container of each event, in order. */
function owners(probe: string): string[] {
  return aggregator.batches
    .filter(({ probeUid, rows }) => probeUid === probe && rows > 0)
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

withCgroups(
  'events have the names of their pod and container, of sub-cgroups too, and filters see them',
  async () => {
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
  },
);

withCgroups(
  'a scope is kept to, with an exact account, and a container that comes later is in it',
  async () => {
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
    await running.close();
    agent = undefined;
    expect(owners('shop')).toEqual(['shop/web-1/nginx']);
    expect(owners('host')).toEqual(['//']);
    for (const account of aggregator.accounts.values()) {
      expect(account).toMatchObject({ delivered: 1n, lost: {}, final: true });
      expect(account.attempted).toBe(account.filteredInKernel + account.captured + account.open);
      expect(account.captured).toBe(account.delivered + account.filteredNatively);
    }
  },
);

withCgroups('events of a pod that the controller tells of later wait for its name', async () => {
  const file = '/nonexistent/later';
  want({ all: `'filename == "${file}"' }]` }, []);
  start();
  await controller.reportOf('all', 'Running');
  await openIn(makeCgroup(join(pods, `pod${uid}`, ids.web)), file);
  controller.send(create(DesiredStateSchema, { revision: 2n, pods: [pod] }));
  await aggregator.until(() => owners('all').length === 1);
  expect(owners('all')).toEqual(['shop/web-1/nginx']);
});
