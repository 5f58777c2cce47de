import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from './eventually.ts';
import { expectExactAccount } from './expectExactAccount.ts';
import { KindCluster } from './kindCluster.ts';
import { Pods } from './pods.ts';
import { Probes } from './probes.ts';

const cluster = KindCluster.running();
const probes = new Probes(cluster);
const chart = fileURLToPath(new URL('../../helm/traceprobe', import.meta.url));
let pods: Pods;

beforeAll(async () => {
  pods = await Pods.in(cluster, 'installation');
});
afterAll(async () => {
  await pods[Symbol.asyncDispose]();
});

const helm = (...args: string[]): Promise<string> =>
  cluster.output(['helm', ...args, '--namespace=traceprobe']);
const inNamespace = (...args: string[]): Promise<string> => cluster.kubectl('-n', 'traceprobe', ...args);

/** When the process of a pod began, in milliseconds since 1970: nodes of kind are of this machine's kernel. */
function startOf(podUid: string): number {
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
  const begin = Date.now() - uptime;
  const starts = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const cgroup = readFileSync(`/proc/${pid}/cgroup`, 'utf8').replaceAll('_', '-');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (!cgroup.includes(podUid) || !command.includes('traceprobe')) return [];
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
        return [begin + Number(ticks) * 10]; // hundredths of a second (USER_HZ) since boot
      } catch {
        return []; // it has ended
      }
    });
  return Math.min(...starts);
}

test('helm test agrees', async () => {
  expect(await helm('test', 'traceprobe')).toMatch(/Phase: +Succeeded/);
});

test('an agent that starts runs its probes at once', async () => {
  await probes.runOpens('prompt', '/tmp/prompt');
  const agents = [
    '-l',
    'app.kubernetes.io/component=agent',
    `--field-selector=spec.nodeName=${KindCluster.nodes[1]}`,
  ];
  await inNamespace('delete', 'pod', ...agents);
  await inNamespace('rollout', 'status', 'daemonset/traceprobe-agent', '--timeout=120s');
  const [name = '', uid = ''] = (
    await inNamespace(
      'get',
      'pod',
      ...agents,
      '-o',
      'jsonpath={.items[0].metadata.name} {.items[0].metadata.uid}',
    )
  ).split(' ');
  const attached = await eventually('the agent to say that the probe runs', async () => {
    const log = await inNamespace('logs', name);
    return log.split('\n').find((line) => line.includes('"a probe runs"') && line.includes('prompt'));
  });
  const { timestamp } = JSON.parse(attached) as { timestamp: string };
  const seconds = (Date.parse(timestamp) - startOf(uid)) / 1000;
  console.log(`from the start of an agent to its first probe attached: ${seconds.toFixed(2)} s`);
  expect(seconds).toBeGreaterThan(0);
  await probes.delete('prompt');
});

test('helm upgrade changes everything under load, and every hit is accounted for', async () => {
  await probes.runOpens('upgraded', '/tmp/upgraded');
  const load = await pods.startOpens('upgraded', '/tmp/upgraded');
  await probes.atLeast(100, 'upgraded');
  const image = (await inNamespace('get', 'daemonset/traceprobe-agent', '-o', 'jsonpath={..image}')).trim();
  const [repository = '', tag = ''] = image.split(':');
  const name = `docker.io/library/${repository}`;
  for (const node of KindCluster.nodes) {
    await cluster.onNode(
      node,
      'ctr',
      '-n',
      'k8s.io',
      'images',
      'tag',
      '--force',
      `${name}:${tag}`,
      `${name}:next`,
    );
  }
  const before = (await probes.events('upgraded')).length;
  await helm(
    'upgrade',
    'traceprobe',
    chart,
    '--reuse-values',
    '--set=image.tag=next',
    '--wait',
    '--timeout=180s',
  );
  await inNamespace('rollout', 'status', 'daemonset/traceprobe-agent', '--timeout=120s');
  await probes.runOpens('later', '/tmp/later'); // so agents have found the new controllers
  expect(await helm('test', 'traceprobe')).toMatch(/Phase: +Succeeded/);
  await load.stop();
  const events = await expectExactAccount(probes, 'upgraded');
  expect(events.length).toBeGreaterThan(before);
  await probes.delete('upgraded');
  await probes.delete('later');
});

test('helm uninstall leaves TraceProbes, the volume and certificates, and nothing else; installed again it runs them', async () => {
  await probes.runOpens('kept', '/tmp/kept');
  const values = await helm('get', 'values', 'traceprobe', '-o', 'json');
  await helm('uninstall', 'traceprobe', '--wait');
  await inNamespace('wait', '--for=delete', 'pod', '--all', '--timeout=120s');

  expect(await cluster.kubectl('get', 'traceprobes', '-o', 'name')).toContain(
    'traceprobe.traceprobe.io/kept',
  );
  const kinds = 'all,configmaps,secrets,serviceaccounts,roles,rolebindings,networkpolicies,leases,pvc,pdb';
  expect((await inNamespace('get', kinds, '-o', 'name')).trim().split('\n').sort()).toEqual([
    'configmap/kube-root-ca.crt',
    // Made by the controller, not the chart: who leads, and certificates that a new installation takes up.
    'lease.coordination.k8s.io/traceprobe-controller',
    'persistentvolumeclaim/data-traceprobe-aggregator-0',
    'secret/traceprobe-aggregator-tls',
    'secret/traceprobe-certificates',
    'secret/traceprobe-controller-tls',
    'serviceaccount/default',
  ]);
  const clusterWide =
    'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings';
  expect(await cluster.kubectl('get', clusterWide, '-o', 'name')).not.toContain('traceprobe');
  for (const node of KindCluster.nodes) {
    expect(await cluster.onNode(node, 'find', `/sys/fs/bpf/traceprobe/${node}`, '-type', 'f')).toBe('');
  }

  await cluster.output(
    [...['helm', 'install', 'traceprobe', chart, '--namespace=traceprobe'], '--values=-', '--wait'],
    { input: values },
  );
  await pods.run('kept', 'cat /tmp/kept/1');
  await probes.atLeast(1, 'kept');
  await probes.delete('kept');
});
