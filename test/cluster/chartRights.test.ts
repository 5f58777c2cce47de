import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import { Installation } from './installation.ts';

/** What the API server says that it answered, of requests by the installation's own accounts. */
interface AuditEvent {
  verb: string;
  requestURI: string;
  user: { username: string };
  objectRef?: { resource?: string; subresource?: string; name?: string; namespace?: string };
  responseStatus?: { code?: number };
}

const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts:traceprobe'] }, { level: 'None' }],
};

let directory: string;
let cluster: ControlPlane;
let installation: Installation;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'traceprobe-audit-'));
  const policyFile = join(directory, 'policy.json');
  await writeFile(policyFile, JSON.stringify(policy));
  cluster = await startControlPlane({
    apiServerFlags: [`--audit-policy-file=${policyFile}`, `--audit-log-path=${join(directory, 'audit.log')}`],
  });
  installation = await Installation.start(cluster);
});
afterAll(async () => {
  await installation[Symbol.asyncDispose]();
  await cluster.close();
  await rm(directory, { recursive: true });
});

async function audit(): Promise<AuditEvent[]> {
  const lines = (await readFile(join(directory, 'audit.log'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as AuditEvent);
}

/** Whom, what it did, and to what. */
function told({ user, verb, objectRef: { resource = '', subresource, name } = {} }: AuditEvent): string {
  const what = [resource, subresource].filter((part) => part !== undefined).join('/');
  return [user.username.split(':').at(-1), verb, what, name ?? ''].join(' ').trim();
}

test('with the rights of the chart nothing that controller and aggregator do is forbidden', async () => {
  await installation.startAggregator();
  await installation.createAgentNode('n1');
  const probe = {
    apiVersion: 'traceprobe.io/v1alpha1',
    kind: 'TraceProbe',
    metadata: { name: 'exec' },
    spec: { points: [{ name: 'exec', attach: 'tracepoint/sched/sched_process_exec' }] },
  };
  const created = await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(probe) });
  expect(created).toMatchObject({ stderr: '' });
  const accepted = ['wait', '--for=condition=Accepted', 'traceprobe/exec', '--timeout=30s'];
  expect(await cluster.kubectl(accepted)).toMatchObject({ stderr: '' });
  const suspended = { data: { suspended: 'true' } };
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'traceprobe-switch' },
    ...suspended,
  };
  await cluster.kubectl(['-n', 'traceprobe', 'create', '-f', '-'], { input: JSON.stringify(configMap) });
  const stopped = '--for=jsonpath={.status.conditions[?(@.type=="Ready")].reason}=SuspendedClusterWide';
  expect(await cluster.kubectl(['wait', stopped, 'traceprobe/exec', '--timeout=30s'])).toMatchObject({
    stderr: '',
  });

  const events = await audit();
  const forbidden = events.filter(({ responseStatus }) => responseStatus?.code === 403);
  expect(forbidden.map(told)).toEqual([]);
  const done = new Set(events.map(told));
  for (const action of [
    'traceprobe-controller patch traceprobes/status exec',
    'traceprobe-controller watch pods',
    'traceprobe-controller create leases traceprobe-controller',
    'traceprobe-controller create secrets traceprobe-certificates',
    'traceprobe-controller patch secrets traceprobe-aggregator-tls',
    'traceprobe-controller patch configmaps traceprobe-ca',
    'traceprobe-aggregator watch pods',
    'traceprobe-aggregator watch traceprobes',
  ]) {
    expect([...done]).toContain(action);
  }
});
