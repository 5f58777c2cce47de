import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentAudience } from '../../src/kubernetes/tokenReviewer.ts';
import { installRbac } from './chart/installRbac.ts';
import type { ControlPlane } from './controlPlane.ts';
import { freePort } from './controlPlane/freePort.ts';
import { CuttableProxy } from './simulated/cuttableProxy.ts';
import { RoleProcess } from './simulated/roleProcess.ts';

const namespace = 'traceprobe';
const agentAccount = { namespace, name: 'traceprobe-agent' };

/**
 * TraceProbe installed in a control plane as the chart does it: its roles, its certificates in Secrets, its processes
 * with tokens of their ServiceAccounts and TLS between them. Only that the processes run on this machine, not in pods.
 */
export class Installation implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'traceprobe-installation-'));
  readonly #cluster: ControlPlane;
  readonly #pins = `/sys/fs/bpf/${basename(this.directory)}`;
  readonly #roles = new Set<RoleProcess>();
  readonly #kubeconfigs = new Map<string, Promise<string>>();
  #controllerAddress = '';
  #aggregatorPort = 0;
  #network: CuttableProxy | undefined;
  #controller: RoleProcess | undefined;

  private constructor(cluster: ControlPlane) {
    this.#cluster = cluster;
  }

  /** The CRD, the roles, a controller, and the certificates that it makes. */
  static async start(cluster: ControlPlane): Promise<Installation> {
    const installation = new Installation(cluster);
    try {
      const crd = fileURLToPath(new URL('../../crds/traceprobes.yaml', import.meta.url));
      await cluster.kubectl(['apply', '-f', crd]);
      await cluster.kubectl(['wait', '--for=condition=Established', 'crd/traceprobes.traceprobe.io']);
      await installRbac(cluster, namespace);
      installation.#aggregatorPort = await freePort();
      installation.#network = await CuttableProxy.start(installation.#aggregatorPort);
      installation.#controller = await installation.startController();
      await installation.takeCertificates();
      return installation;
    } catch (error) {
      await installation[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** host:port of the aggregator, whether it runs or not. */
  get aggregatorAddress(): string {
    return `127.0.0.1:${this.#aggregatorPort}`;
  }

  /** The first one. */
  get controller(): RoleProcess {
    return started(this.#controller);
  }

  /** Between agents and the aggregator; readers go past it. */
  get network(): CuttableProxy {
    return started(this.#network);
  }

  get caFile(): string {
    return join(this.directory, 'ca.crt');
  }

  async startController(): Promise<RoleProcess> {
    const controller = this.#role(
      ...['controller', '--kubeconfig', await this.#kubeconfigOf('traceprobe-controller')],
      ...['--namespace', namespace, '--lease-duration', '4s'],
      ...['--listen', this.#controllerAddress || '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0'],
      ...['--aggregator-address', this.network.address.replace('127.0.0.1', 'localhost')],
    );
    const { port } = await controller.untilSaid('serving agents');
    this.#controllerAddress = `127.0.0.1:${Number(port)}`;
    await controller.untilSaid('this replica leads');
    return controller;
  }

  /** On the store of the one before. */
  async startAggregator(...options: string[]): Promise<RoleProcess> {
    const aggregator = this.#role(
      ...['aggregator', '--kubeconfig', await this.#kubeconfigOf('traceprobe-aggregator')],
      ...['--namespace', namespace, '--data', this.storeDirectory],
      ...['--listen', this.aggregatorAddress, '--metrics-listen', '127.0.0.1:0'],
      ...['--tls-cert-file', join(this.directory, 'tls.crt')],
      ...['--tls-key-file', join(this.directory, 'tls.key'), ...options],
    );
    await aggregator.untilSaid('serving');
    return aggregator;
  }

  get controllerPort(): number {
    return Number(this.#controllerAddress.split(':')[1]);
  }

  get storeDirectory(): string {
    return join(this.directory, 'store');
  }

  /** Of a node's agent: its spool, its plan and its journal. */
  agentDirectory(node: string): string {
    return join(this.directory, node);
  }

  /** A node, with an agent's pod on it that has a token. */
  async createAgentNode(node: string, labels: Record<string, string> = {}): Promise<void> {
    await this.#cluster.createNode(node, labels);
    const pod = `agent-${node}`;
    await this.#cluster.createPod({ ...agentAccount, name: pod, node, serviceAccount: agentAccount.name });
    const token = await this.#cluster.tokenFor(agentAccount, { audience: agentAudience, boundPod: pod });
    writeFileSync(this.tokenFile(node), token);
  }

  /** Of such a node's agent. */
  tokenFile(node: string): string {
    return join(this.directory, `${node}.token`);
  }

  /** The agent of such a node; on the spool and the plan of the one before. */
  async startAgent(node: string, ...options: string[]): Promise<RoleProcess> {
    const agent = this.#role(
      ...['agent', '--controller', this.#controllerAddress, '--node-name', node],
      ...['--token-file', this.tokenFile(node), '--ca-file', this.caFile],
      ...['--controller-name', 'traceprobe-controller', '--aggregator-name', 'traceprobe-aggregator'],
      ...['--data-dir', this.agentDirectory(node), '--pin-dir', this.#pins],
      ...['--metrics-listen', '127.0.0.1:0', ...options],
    );
    await agent.untilSaid('the agent runs');
    return agent;
  }

  /** A file with a token of a reader's ServiceAccount; the one of the chart may read everything. */
  async readerToken(name = 'traceprobe-reader'): Promise<string> {
    const token = await this.#cluster.tokenFor({ namespace, name }, { audience: 'traceprobe-read' });
    return this.#write(`reader-${name}.token`, token);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#roles].map((role) => role.end('SIGKILL')));
    await this.#network?.[Symbol.asyncDispose]();
    rmSync(this.#pins, { recursive: true, force: true });
    rmSync(this.directory, { recursive: true, force: true });
  }

  #role(...args: string[]): RoleProcess {
    const role = new RoleProcess(...args);
    this.#roles.add(role);
    return role;
  }

  /** As kubelets put them into files of pods. */
  async takeCertificates(): Promise<void> {
    const data = async (kind: string, name: string): Promise<Record<string, string>> => {
      await this.#cluster.kubectl(['wait', '--for=create', `${kind}/${name}`, '-n', namespace]);
      const { stdout } = await this.#cluster.kubectl(['get', kind, name, '-n', namespace, '-o', 'json']);
      return (JSON.parse(stdout) as { data: Record<string, string> }).data;
    };
    this.#write('ca.crt', (await data('configmap', 'traceprobe-ca'))['ca.crt'] ?? '');
    const secret = await data('secret', 'traceprobe-aggregator-tls');
    for (const file of ['tls.crt', 'tls.key']) {
      this.#write(file, Buffer.from(secret[file] ?? '', 'base64').toString());
    }
  }

  /** What a pod of this ServiceAccount has, and still has when its container is started again. */
  #kubeconfigOf(account: string): Promise<string> {
    const known = this.#kubeconfigs.get(account) ?? this.#kubeconfig(account);
    this.#kubeconfigs.set(account, known);
    return known;
  }

  async #kubeconfig(account: string): Promise<string> {
    const token = await this.#cluster.tokenFor({ namespace, name: account });
    const named = (key: string, value: object): object[] => [{ name: 'test', [key]: value }];
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: named('cluster', {
        server: this.#cluster.url,
        'certificate-authority': this.#cluster.caFile,
      }),
      users: named('user', { token }),
      contexts: named('context', { cluster: 'test', user: 'test', namespace }),
      'current-context': 'test',
    };
    return this.#write(`${account}.kubeconfig`, JSON.stringify(config));
  }

  #write(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the installation has not been started');
  return part;
}
