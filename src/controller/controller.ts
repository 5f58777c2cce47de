import type { ServerCredentials } from '@grpc/grpc-js';
import type { KubeConfig } from '@kubernetes/client-node';
import { traceProbeResource, type TraceProbe, type TraceProbeStatus } from '../api/index.ts';
import type { ApiClient } from '../kubernetes/apiClient.ts';
import { ApiError } from '../kubernetes/apiError.ts';
import { monotonicClock } from '../kubernetes/clock.ts';
import { EventRecorder } from '../kubernetes/eventRecorder.ts';
import { LeaderElector } from '../kubernetes/leaderElector.ts';
import type { Change } from '../kubernetes/objectCache.ts';
import { processQueue } from '../kubernetes/processQueue.ts';
import { resourcePath } from '../kubernetes/resourcePath.ts';
import { TokenReviewer } from '../kubernetes/tokenReviewer.ts';
import type { TrimmedPod } from '../kubernetes/trimPod.ts';
import { WorkQueue } from '../kubernetes/workQueue.ts';
import { listen, type Listening } from '../rpc/listen.ts';
import { AgentRegistry, awayMs, graceMs } from './agentRegistry.ts';
import { AgentServer, type Leadership } from './agentServer.ts';
import { ClusterView } from './clusterView.ts';
import type { ControllerLog } from './controllerLog.ts';
import { ControllerMetrics } from './metrics.ts';
import { startMetricsServer, type MetricsServer } from '../service/metricsServer.ts';
import type { AgentNodeSelector, NodeRecord } from './nodeRecord.ts';
import { probeRecord } from './probeRecord.ts';
import { ServerClock } from './serverClock.ts';
import type { StatusEvent } from './statusEvents.ts';
import { StatusReconciler } from './statusReconciler.ts';
import { watchSchema, type SchemaState } from './watchSchema.ts';
import { watchCluster, type ClusterWatch, type NamespaceRecord } from './watchCluster.ts';

export interface ControllerOptions {
  api: ApiClient;
  /** Of the same API server, for the thread that watches pods. */
  kubeConfig: KubeConfig;
  /** Of the Lease and of the switch. */
  namespace: string;
  /** Of this process, never used again: such as PODNAME_UUID. */
  identity: string;
  /** host:port of AgentService; port 0 takes a free one. */
  listen: string;
  credentials: ServerCredentials;
  /** host:port where agents reach this replica; a port of 0 stands for the one that it listens on. */
  advertise: string;
  /** host:port of /metrics, /healthz and /readyz. */
  metricsListen: string;
  agentServiceAccount: { namespace: string; name: string };
  /** Labels of the nodes that agents run on; left out: every Linux node. */
  agentNodes?: AgentNodeSelector;
  /** host:port of the aggregator's IngestService, for agents. */
  aggregator: string;
  /** Work beside this, of the leader alone, until the signal is aborted. */
  whileLeading?: (signal: AbortSignal) => Promise<void>;
  /** Shorter ones for tests. */
  lease?: { leaseDurationMs: number; renewDeadlineMs: number; retryMs: number };
  log: ControllerLog;
}

/** How long changes of a probe are gathered before its status is made of them, in milliseconds. */
const gatherMs = 30;
/** The same with more than so many nodes: looking at all of them is work. */
const gatherManyMs = 200;
const fewNodes = 100;
const statusWriters = 4;

/**
 * The controller: knows what the API server has, tells agents what to run, and writes what became of it. Every replica
 * watches; only the leader has agents and writes.
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #clock = monotonicClock;
  readonly #time: ServerClock;
  readonly #cluster: ClusterView;
  readonly #agents: AgentRegistry;
  readonly #server: AgentServer;
  readonly #queue: WorkQueue;
  readonly #reconciler: StatusReconciler;
  readonly #metrics: ControllerMetrics;
  readonly #events: EventRecorder;
  readonly #watch: ClusterWatch;
  readonly #schemaWatch: { stop(): Promise<void> };
  #schema: SchemaState | undefined;
  readonly #working: Promise<void>;
  #isSynced = false;
  #serving: Listening | undefined;
  #metricsServer: MetricsServer | undefined;
  #elector: LeaderElector | undefined;
  #leads = false;

  private constructor(options: ControllerOptions) {
    const { api, kubeConfig, namespace, aggregator, agentNodes = {}, agentServiceAccount, log } = options;
    this.#options = options;
    this.#time = new ServerClock(api, this.#clock);
    this.#cluster = new ClusterView({ aggregator, now: () => this.#time.now() });
    this.#agents = new AgentRegistry(this.#clock);
    this.#queue = new WorkQueue({ maxRetryMs: 30_000 });
    this.#events = new EventRecorder({
      api,
      reportingController: 'traceprobe.io/controller',
      reportingInstance: options.identity,
      onError: (error) => {
        log('debug', 'an Event could not be written', { error: messageOf(error) });
      },
    });
    this.#metrics = new ControllerMetrics({
      queueDepth: () => this.#queue.depth,
      agents: () => this.#server.size,
      leads: () => this.leads,
      schemaDiffers: () => (this.#schema?.problem ?? '') !== '',
    });
    this.#watch = watchCluster(
      { api, kubeConfig, namespace, agentNodes },
      {
        onProbe: (change) => {
          this.#onProbe(change);
        },
        onNode: (change) => {
          this.#onNode(change);
        },
        onNamespace: (change) => {
          this.#onNamespace(change);
        },
        onPod: (change) => {
          this.#onPod(change);
        },
        onSwitch: (suspended) => {
          this.#onSwitch(suspended);
        },
        onError: (resource, error) => {
          this.#onWatchError(resource, error);
        },
        onRestart: (resource) => {
          this.#metrics.watchRestarts.inc({ resource });
        },
      },
    );
    this.#schemaWatch = watchSchema(api, {
      onSchema: (state) => {
        this.#schema = state;
        if (state.problem !== '') log('warn', 'the schema differs', { problem: state.problem });
        if (this.leads) this.#recordSchema();
      },
      onError: (error) => {
        this.#onWatchError('customresourcedefinitions', error);
      },
    });
    const synced = this.#watch.synced.then(() => {
      this.#isSynced = true;
      this.#everyProbe();
    });
    synced.catch(() => undefined);
    this.#server = this.#createServer(agentServiceAccount, synced);
    this.#reconciler = new StatusReconciler({
      cluster: this.#cluster,
      agents: this.#agents,
      leads: () => this.leads && this.#isSynced,
      write: (probe, status) => this.#write(probe, status),
      onPlanChanged: (uid) => {
        this.#server.probeChanged(uid);
      },
      onEvent: (probe, event) => {
        this.#record(probe, event);
      },
      onWritten: () => {
        this.#metrics.statusWrites.inc();
      },
      monotonic: () => this.#clock.now(),
    });
    this.#working = processQueue(this.#queue, (uid) => this.#reconciler.reconcile(uid), {
      concurrency: statusWriters,
      onError: (uid, error) => {
        this.#metrics.reconcileErrors.inc();
        const conflict = error instanceof ApiError && error.status === 409;
        const probe = this.#cluster.probes.get(uid)?.record.name;
        log(conflict ? 'debug' : 'warn', 'a status could not be written; trying again', {
          ...{ probe, error: messageOf(error) },
        });
      },
      onReconciled: (_, milliseconds) => {
        this.#metrics.reconcileSeconds.observe(milliseconds / 1000);
      },
    });
  }

  /**
   * Begins to serve; it leads as soon as it is elected.
   * @throws Error when an address cannot be had
   */
  static async start(options: ControllerOptions): Promise<Controller> {
    const controller = new Controller(options);
    try {
      await controller.#start();
      return controller;
    } catch (error) {
      await controller.close();
      throw error;
    }
  }

  /** Whether this replica leads now. */
  get leads(): boolean {
    return this.#leads && this.#elector?.isLeading === true;
  }

  /** Of AgentService. */
  get port(): number {
    return this.#serving?.port ?? 0;
  }

  get metricsPort(): number {
    return this.#metricsServer?.port ?? 0;
  }

  /** Gives up the lease first, so that another replica takes over, then ends the rest. */
  async close(): Promise<void> {
    await this.#elector?.stop();
    this.#queue.shutDown();
    this.#time.stop();
    await Promise.all([
      this.#watch.stop(),
      this.#schemaWatch.stop(),
      this.#serving?.close(500),
      this.#metricsServer?.close(),
      this.#working,
    ]);
    await this.#events[Symbol.asyncDispose]();
    this.#metrics.close();
  }

  async #start(): Promise<void> {
    const options = this.#options;
    const { api, namespace, identity, log } = options;
    this.#metricsServer = await startMetricsServer({
      address: options.metricsListen,
      registry: this.#metrics.registry,
      notReady: () => (this.#isSynced ? undefined : 'still reading what the API server has'),
    });
    this.#serving = await listen(
      {
        address: options.listen,
        credentials: options.credentials,
        maxMessageBytes: 4 << 20,
        windowBytes: 1 << 20,
      },
      (server) => {
        this.#server.addTo(server);
      },
    );
    const { port } = this.#serving;
    const advertise = options.advertise.replace(/:0$/, `:${port}`);
    log('info', 'serving agents', { port, metricsPort: this.metricsPort, advertise });
    void this.#time.start();
    this.#elector = new LeaderElector({
      ...{ api, namespace, identity, name: 'traceprobe-controller', address: advertise },
      onStartedLeading: (signal) => this.#lead(signal),
      onNewLeader: (leader) => {
        log('info', leader ? 'a replica leads' : 'nobody leads', { ...leader });
      },
      onError: (error) => {
        log('warn', 'leader election', { error: messageOf(error) });
      },
      ...options.lease,
    });
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { log, whileLeading } = this.#options;
    log('info', 'this replica leads');
    this.#agents.begin();
    this.#leads = true;
    this.#everyProbe();
    this.#recordSchema();
    const endGrace = this.#clock.after(graceMs + 1, () => {
      this.#everyProbe();
    });
    const others = whileLeading?.(signal).catch((error: unknown) => {
      log('error', 'work of the leader', { error: messageOf(error) });
    });
    if (!signal.aborted) {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
    }
    endGrace();
    this.#leads = false;
    this.#server.redirect('');
    this.#agents.end();
    await others;
    log('info', 'this replica leads no more');
  }

  #createServer(
    serviceAccount: ControllerOptions['agentServiceAccount'],
    synced: Promise<unknown>,
  ): AgentServer {
    const { api, log } = this.#options;
    return new AgentServer({
      authenticator: new TokenReviewer({
        ...{ api, serviceAccount },
        knowsPod: (podUid, node) => this.#watch.hasPod(podUid, node),
      }),
      source: this.#cluster,
      clock: this.#clock,
      synced,
      leadership: () => this.#leadership(),
      objection: ({ nodeName, nodeUid }) =>
        this.#cluster.nodes.get(nodeName)?.uid === nodeUid
          ? undefined
          : `node ${nodeName} (UID ${nodeUid}) is not known: it is gone, another one has its name, or agents are not to run there`,
      onHello: ({ identity }, { version, kernelRelease }) => {
        log('info', 'an agent is connected', { node: identity.nodeName, version, kernelRelease });
        this.#agents.connected(identity.nodeName, identity.nodeUid);
        this.#everyProbe();
      },
      onReport: ({ identity }, report) => {
        const changed = this.#agents.report(identity.nodeName, report, (uid) =>
          this.#cluster.probes.has(uid),
        );
        for (const uid of changed === 'All' ? this.#cluster.probes.keys() : changed) this.#later(uid);
      },
      onAnswered: (milliseconds) => {
        this.#metrics.planLagSeconds.observe(milliseconds / 1000);
      },
      onGone: ({ nodeName }, why) => {
        log('info', 'an agent is gone', { node: nodeName, why });
        this.#agents.gone(nodeName);
        setTimeout(() => {
          this.#everyProbe();
        }, awayMs + 1).unref();
      },
      onRefused: (refusal, peer) => {
        this.#metrics.refusedAgents.inc({ reason: refusal.refusal });
        log('warn', 'an agent was refused', { peer, reason: refusal.refusal, error: refusal.message });
      },
    });
  }

  #leadership(): Leadership {
    if (this.leads) return { leads: true };
    const leader = this.#elector?.leader;
    // Its own name may still be in the lease that it is about to give up.
    const own = leader?.identity === this.#options.identity;
    return { leads: false, leader: own ? '' : (leader?.address ?? '') };
  }

  #onProbe({ type, object }: Change<TraceProbe>): void {
    const uid = object.metadata.uid ?? '';
    const before = this.#cluster.probes.get(uid)?.record;
    if (type === 'deleted') {
      this.#cluster.probes.delete(uid);
      this.#agents.forgetProbe(uid);
      this.#server.probeChanged(uid);
      this.#later(uid);
      return;
    }
    const record = probeRecord(object, before);
    const entry = this.#cluster.putProbe(record);
    if (record.generation !== before?.generation && this.#isSynced) {
      // At once: a status may wait, what nodes are to do may not.
      this.#reconciler.plan(entry);
      this.#server.probeChanged(uid);
      // Canaries wait for the status to have them.
      if (entry.rollout.canaries.size > 0) this.#queue.add(uid);
    }
    this.#later(uid);
  }

  #onNode({ type, object }: Change<NodeRecord>): void {
    const { name, uid } = object;
    if (type === 'deleted') {
      this.#cluster.nodes.delete(name);
      this.#server.nodeGone(name);
      this.#agents.forgetNode(name);
    } else {
      const before = this.#cluster.nodes.get(name);
      this.#cluster.nodes.set(name, object);
      if (before !== undefined && before.uid !== uid) this.#server.nodeGone(name);
      this.#server.probesChanged(name);
    }
    this.#everyProbe();
  }

  #onNamespace({ type, object: { name, labels } }: Change<NamespaceRecord>): void {
    if (type === 'deleted') this.#cluster.namespaces.delete(name);
    else this.#cluster.namespaces.set(name, labels);
    for (const { nodeName, uid } of this.#cluster.podsIn(name)) this.#server.podChanged(nodeName, uid);
  }

  #onPod({ type, object }: Change<TrimmedPod>): void {
    const { nodeName, uid } = object;
    if (type === 'deleted') this.#cluster.removePod(object);
    else this.#cluster.putPod(object);
    if (!this.#watch.hasPod(uid, nodeName)) this.#server.podGone(nodeName, uid);
    this.#server.podChanged(nodeName, uid);
  }

  #onSwitch(suspended: boolean): void {
    if (suspended === this.#cluster.suspended) return;
    this.#options.log('info', suspended ? 'all probes are suspended' : 'all probes are resumed');
    this.#cluster.suspended = suspended;
    this.#server.probesChanged();
    this.#everyProbe();
  }

  #everyProbe(): void {
    for (const uid of this.#cluster.probes.keys()) this.#later(uid);
  }

  #later(uid: string): void {
    // Rollouts of a cluster that is half known would go wrong; all probes follow when it is known.
    if (!this.#isSynced) return;
    this.#queue.addAfter(uid, this.#cluster.nodes.size <= fewNodes ? gatherMs : gatherManyMs);
  }

  #onWatchError(resource: string, error: unknown): void {
    this.#metrics.watchErrors.inc({ resource });
    this.#options.log('warn', `${resource} cannot be watched; trying again`, { error: messageOf(error) });
  }

  #recordSchema(): void {
    if (this.#schema === undefined || this.#schema.problem === '') return;
    const { crd, problem: note } = this.#schema;
    this.#events.record(crd, { type: 'Warning', reason: 'SchemaDiffers', action: 'Compare', note });
  }

  #record({ apiVersion, kind, metadata: { name, uid = '' } }: TraceProbe, event: StatusEvent): void {
    const { type, reason, message: note } = event;
    this.#events.record({ apiVersion, kind, name, uid }, { type, reason, action: 'Reconcile', note });
  }

  async #write(probe: TraceProbe, status: TraceProbeStatus): Promise<TraceProbe | undefined> {
    const { group, version, plural } = traceProbeResource;
    const { name, uid, resourceVersion } = probe.metadata;
    const path = resourcePath({ group, version, resource: plural, name, subresource: 'status' });
    // What the new status does not have is taken away; the rest of it is replaced by key.
    const removed = Object.fromEntries(Object.keys(probe.status ?? {}).map((key) => [key, null]));
    const patch = { metadata: { uid, resourceVersion }, status: { ...removed, ...status } };
    try {
      return await this.#options.api.patch<TraceProbe>(path, patch, { type: 'merge' });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
