import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from './eventually.ts';
import { KindCluster } from './kindCluster.ts';
import { Pods } from './pods.ts';
import { Probes } from './probes.ts';

const cluster = KindCluster.running();
const probes = new Probes(cluster);
let pods: Pods;

beforeAll(async () => {
  pods = await Pods.in(cluster, 'rights');
  await probes.runOpens('secret', '/tmp/secret');
  await pods.run('secret', 'cat /tmp/secret/1');
  await probes.atLeast(1, 'secret');
});
afterAll(async () => {
  await probes.delete('secret');
  await pods[Symbol.asyncDispose]();
});

/** A kubeconfig of a new ServiceAccount, which has no rights yet. */
async function kubeconfigOf(name: string): Promise<string> {
  await cluster.kubectl('-n', pods.namespace, 'create', 'serviceaccount', name);
  const token = (await cluster.kubectl('-n', pods.namespace, 'create', 'token', name)).trim();
  const config = JSON.parse(await cluster.kubectl('config', 'view', '--raw', '--minify', '-o', 'json')) as {
    users: { user: object }[];
  };
  for (const user of config.users) user.user = { token };
  const file = join(cluster.directory, `${name}.kubeconfig`);
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

test('events are for those who may read them', async () => {
  const reader = await kubeconfigOf('reader');
  const query = ['query', 'secret', '-o', 'json'];
  const refused = await cluster.traceprobe(query, reader);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('forbidden');

  const subject = `--serviceaccount=${pods.namespace}:reader`;
  await cluster.kubectl(
    '-n',
    'traceprobe',
    'create',
    'rolebinding',
    'e2e',
    '--role=traceprobe-reader',
    subject,
  );
  const allowed = await cluster.traceprobe(query, reader);
  expect(allowed).toMatchObject({ code: 0 });
  expect(allowed.stdout).toContain('/tmp/secret/1');
  await cluster.kubectl('-n', 'traceprobe', 'delete', 'rolebinding', 'e2e');
});

test("a stranger's pod with a token for agents is refused", async () => {
  interface Template {
    spec: {
      template: {
        spec: {
          containers: { env: { name: string }[]; volumeMounts: { name: string }[] }[];
          volumes: { name: string }[];
        };
      };
    };
  }
  const get = async (resource: string): Promise<unknown> =>
    JSON.parse(await cluster.kubectl('-n', 'traceprobe', 'get', resource, '-o', 'json'));
  const { spec } = ((await get('daemonset/traceprobe-agent')) as Template).spec.template;
  // All that an agent has but its ServiceAccount, and what it shares with the agent of that node.
  for (const container of spec.containers) {
    container.env = container.env.filter(({ name }) => name !== 'TRACEPROBE_PIN_DIR');
    container.volumeMounts = container.volumeMounts.filter(({ name }) => name !== 'bpffs');
  }
  const volumes = spec.volumes
    .filter(({ name }) => name !== 'bpffs')
    .map((volume) => (volume.name === 'data' ? { name: 'data', emptyDir: {} } : volume));
  const { data } = (await get('configmap/traceprobe-ca')) as { data: object };
  const metadata = { namespace: pods.namespace };
  await cluster.apply(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: 'traceprobe-ca' }, data },
    {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'stranger' } },
      spec: { ...spec, volumes, serviceAccountName: 'default', restartPolicy: 'Never' },
    },
  );
  await eventually('the refusal', async () => {
    const log = await cluster.kubectl('-n', pods.namespace, 'logs', 'stranger');
    return log.includes("expected the agents' service account") ? true : undefined;
  });
});
