import { fileURLToPath } from 'node:url';
import { traceProbeResource, type TraceProbe } from '../../../src/api/index.ts';
import { ApiClient } from '../../../src/kubernetes/apiClient.ts';
import { resourcePath } from '../../../src/kubernetes/resourcePath.ts';
import { startControlPlane } from '../../cluster/controlPlane.ts';
import { ProbeWatch } from '../../cluster/simulated/probeWatch.ts';
import { startChild, type Child } from '../child.ts';
import { markdownTable } from '../markdownTable.ts';
import { median } from '../median.ts';
import type { Suite, SuiteOptions } from '../scale/suite.ts';
import type { ControllerFigures } from './controllerChild.ts';
import { agentAccount, nodeName } from './nodeNames.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const { group, version, plural } = traceProbeResource;
const collection = resourcePath({ group, version, resource: plural });
const crd = fileURLToPath(new URL('../../../crds/traceprobes.yaml', import.meta.url));

const pods = 150_000;
const probes = 50;
const agentsPerProcess = 2500;
/** Of everything that is started here. */
const mostMs = 600_000;

/** What came of one size of cluster. */
interface Found {
  agents: number;
  pods: number;
  /** Until every agent was served, from the first one's call. */
  connectSeconds: number;
  /** From `kubectl apply`'s request until the last agent says that it runs the probe: one more probe. */
  attachedSeconds: number;
  /** Until the status says so. */
  statusSeconds: number;
  /** The same for the first forty-nine, created one right after another. */
  allAttachedSeconds: number;
  connecting: ControllerFigures;
  applying: ControllerFigures;
  one: ControllerFigures;
}

/** Simulated agents over real connections, and a controller on a real API server; only its pods are served by a stand-in. */
export const controller: Suite = {
  name: 'controller',
  needsPrograms: false,
  async measure(options) {
    const sizes = options.size !== undefined ? [options.size] : options.quick ? [50] : [1000, 5000];
    const found: Found[] = [];
    for (const agents of sizes) found.push(await measureSize(agents, options));
    const smallest = found[0];
    return {
      aims: smallest
        ? [
            {
              aim: 'kubectl apply → attached at 1,000 agents < 2 s',
              measured: `${smallest.attachedSeconds.toFixed(2)} s${smallest.agents === 1000 ? '' : ` at ${smallest.agents}`}`,
              met: smallest.attachedSeconds < 2 && smallest.agents >= 1000,
            },
          ]
        : [],
      parts: [tableOf(found)],
    };
  },
};

async function measureSize(agents: number, { cpus, rounds, quick, say }: SuiteOptions): Promise<Found> {
  await using started = new AsyncDisposableStack();
  const run = (file: string, ...args: (string | number)[]): Child =>
    started.use(startChild({ command: [process.execPath, here(file), ...args.map(String)], mostMs }, cpus));
  const numberOfPods = quick ? 20 * agents : pods;
  say(`${agents} agents: a control plane, its nodes, ${numberOfPods.toLocaleString('en')} pods`);
  const podServer = run('podsChild.ts', agents, numberOfPods);
  const cluster = started.use(await startControlPlane());
  await cluster.kubectl(['apply', '-f', crd]);
  await cluster.kubectl(['wait', '--for=condition=Established', `crd/${plural}.${group}`]);
  await cluster.createNamespace(agentAccount.namespace);
  const api = started.use(new ApiClient(cluster.kubeConfig));
  await createNodes(api, agents);
  const [, podsPort = ''] = await podServer.matched(/^listening on (\d+)$/m);

  const child = run('controllerChild.ts', cluster.kubeconfigFile, podsPort);
  const [, port = ''] = await child.matched(/^listening on (\d+)$/m);
  await child.printed(/^this replica leads$/m);
  let seen = 0;
  const figures = async (): Promise<ControllerFigures> => {
    child.signal('SIGUSR2');
    const pattern = new RegExp(`(?:^\\{.*\\}$[^]*?){${++seen}}`, 'm');
    const [text] = await child.matched(pattern);
    return JSON.parse(text.split('\n').findLast((line) => line.startsWith('{')) ?? '') as ControllerFigures;
  };

  say('agents connect');
  const began = performance.now();
  const processes: Child[] = [];
  for (let first = 0; first < agents; first += agentsPerProcess) {
    const count = Math.min(agentsPerProcess, agents - first);
    processes.push(run('agentsChild.ts', `127.0.0.1:${port}`, first, count));
  }
  await Promise.all(processes.map((process) => process.printed(/^connected$/m)));
  const connectSeconds = (performance.now() - began) / 1000;
  const connecting = await figures();

  const watch = new ProbeWatch(api);
  started.defer(() => watch.stop());
  const running = (name: string): Promise<unknown> =>
    watch.status(name, ({ nodes }) => nodes?.running === agents);
  /** Seconds from creating it until all agents run it, and until its status says so. */
  const apply = async (name: string): Promise<{ attached: number; status: number }> => {
    const from = process.hrtime.bigint();
    const seconds = (until: bigint): number => Number(until - from) / 1e9;
    await api.create(collection, probe(name));
    const [told] = await Promise.all([
      Promise.all(processes.map((each) => each.matched(new RegExp(`^${name} (\\d+)$`, 'm')))),
      running(name),
    ]);
    const status = seconds(process.hrtime.bigint());
    return {
      attached: seconds(told.map(([, at = '0']) => BigInt(at)).reduce((a, b) => (a > b ? a : b))),
      status,
    };
  };

  say(`${probes - 1} probes at once`);
  const all = await Promise.all(Array.from({ length: probes - 1 }, (_, index) => apply(`probe-${index}`)));
  const applying = await figures();
  const each: { attached: number; status: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    say(`one more probe, ${round + 1} of ${rounds}`);
    each.push(await apply(`more-${round}`));
    await api.delete(`${collection}/more-${round}`);
  }
  const one = await figures();
  return {
    ...{ agents, pods: numberOfPods, connectSeconds, connecting, applying, one },
    attachedSeconds: median(each.map(({ attached }) => attached)),
    statusSeconds: median(each.map(({ status }) => status)),
    allAttachedSeconds: Math.max(...all.map(({ attached }) => attached)),
  };
}

async function createNodes(api: ApiClient, count: number): Promise<void> {
  const left = Array.from({ length: count }, (_, index) => nodeName(index));
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let name = left.pop(); name !== undefined; name = left.pop()) {
        const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' };
        const metadata = { name, labels };
        await api.create('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata });
      }
    }),
  );
}

function probe(name: string): Omit<TraceProbe, 'status'> | object {
  return {
    apiVersion: `${group}/${version}`,
    kind: 'TraceProbe',
    metadata: { name },
    spec: { points: [{ name: 'open', attach: 'syscall/openat', capture: [{ name: 'filename' }] }] },
  };
}

function tableOf(found: readonly Found[]): string {
  const line = (title: string, value: (each: Found) => string): string[] => [title, ...found.map(value)];
  const seconds = (value: number): string => `${value.toFixed(2)} s`;
  const share = ({ cpuSeconds, seconds: during }: ControllerFigures): string =>
    `${cpuSeconds.toFixed(1)} s of ${during.toFixed(1)} s`;
  const stall = ({ stallMs }: ControllerFigures): string => `${Math.round(stallMs)} ms`;
  return markdownTable(
    ['agents', ...found.map(({ agents }) => agents.toLocaleString('en'))],
    [
      line('pods', (each) => each.pods.toLocaleString('en')),
      line('one more probe beside 49: attached at all', (each) => seconds(each.attachedSeconds)),
      line('… and in its status', (each) => seconds(each.statusSeconds)),
      line('49 probes at once: attached at all', (each) => seconds(each.allAttachedSeconds)),
      line('all agents connected', (each) => seconds(each.connectSeconds)),
      line("controller's CPU while they connect", (each) => share(each.connecting)),
      line('… for the 49 probes', (each) => share(each.applying)),
      line('… for the further ones', (each) => share(each.one)),
      line('longest stall of its loop while they connect', (each) => stall(each.connecting)),
      line('… for the 49 probes', (each) => stall(each.applying)),
      line('… for a further one', (each) => stall(each.one)),
      line('status writes for the 49 probes', (each) => String(each.applying.statusWrites)),
      line("controller's resident memory", (each) => `${Math.round(each.one.residentBytes / 1e6)} MB`),
    ],
  );
}
