// A controller whose pods come from podsChild.ts and whose token reviews cost nothing. Arguments: a kubeconfig and the
// port of the pods. Says where it listens; on SIGUSR2 prints what it took since the last time (ControllerFigures).
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ServerCredentials } from '@grpc/grpc-js';
import { KubeConfig } from '@kubernetes/client-node';
import { Controller } from '../../../src/controller/controller.ts';
import { ApiClient, type CreateOptions } from '../../../src/kubernetes/apiClient.ts';
import { reviewOf } from './benchToken.ts';
import { agentAccount } from './nodeNames.ts';

/** Of a part of the measurement. */
export interface ControllerFigures {
  cpuSeconds: number;
  seconds: number;
  /** Longest stall of the event loop, in milliseconds. */
  stallMs: number;
  residentBytes: number;
  statusWrites: number;
}

const [, , kubeconfigFile = '', podsPort = ''] = process.argv;

class TrustingApi extends ApiClient {
  readonly nodes = new Map<string, string>();

  override create<T>(path: string, object: unknown, options?: CreateOptions): Promise<T> {
    if (!path.endsWith('/tokenreviews')) return super.create<T>(path, object, options);
    const { spec } = object as { spec: { token: string } };
    return Promise.resolve(reviewOf(spec.token, (node) => this.nodes.get(node)) as T);
  }
}

const kubeConfig = new KubeConfig();
kubeConfig.loadFromFile(kubeconfigFile);
const pods = new KubeConfig();
const server = `http://127.0.0.1:${podsPort}`;
pods.loadFromClusterAndUser({ name: 'pods', server, skipTLSVerify: true }, { name: 'bench' });

const api = new TrustingApi(kubeConfig);
const { items } = await api.list<{ metadata: { name: string; uid: string } }>('/api/v1/nodes');
for (const { metadata } of items) api.nodes.set(metadata.name, metadata.uid);
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const controller = await Controller.start({
  ...{ api, kubeConfig: pods, namespace: agentAccount.namespace, aggregator: 'aggregator.test:7444' },
  ...{ identity: 'bench', listen: '127.0.0.1:0', advertise: '127.0.0.1:0', metricsListen: '127.0.0.1:0' },
  agentServiceAccount: agentAccount,
  credentials: ServerCredentials.createInsecure(),
  log: (level, message, fields) => {
    if (level === 'warn' || level === 'error') console.error(message, JSON.stringify(fields));
    if (message === 'this replica leads') console.log(message);
  },
});
console.log(`listening on ${controller.port}`);

async function statusWrites(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${controller.metricsPort}/metrics`);
  return Number(/^\S*status_writes_total (\d+)/m.exec(await response.text())?.[1] ?? 0);
}

let cpu = process.cpuUsage();
let since = performance.now();
let written = 0;
process.on('SIGUSR2', () => {
  const { user, system } = process.cpuUsage(cpu);
  const stallMs = delay.max / 1e6;
  const seconds = (performance.now() - since) / 1000;
  cpu = process.cpuUsage();
  since = performance.now();
  delay.reset();
  void statusWrites().then((writes) => {
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    const figures: ControllerFigures = {
      ...{ cpuSeconds: (user + system) / 1e6, seconds, stallMs, residentBytes: 1024 * Number(resident) },
      statusWrites: writes - written,
    };
    written = writes;
    console.log(JSON.stringify(figures));
  });
});
