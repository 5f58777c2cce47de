import { mkdirSync } from 'node:fs';
import type { Command } from 'commander';
import { quantityToInteger, type KubernetesObject } from '../../api/index.ts';
import { Aggregator } from '../../aggregator/aggregator.ts';
import { serveLocally } from '../../aggregator/local/serveLocally.ts';
import { storePaths } from '../../aggregator/local/storePaths.ts';
import { auditTo } from '../../aggregator/read/audit.ts';
import { eventsService } from '../../aggregator/read/eventsService.ts';
import { watchProbes } from '../../aggregator/watchProbes.ts';
import { startMetricsServer } from '../../service/metricsServer.ts';
import { ApiClient } from '../../kubernetes/apiClient.ts';
import { ReaderReviewer } from '../../kubernetes/readerReviewer.ts';
import { Reflector } from '../../kubernetes/reflector.ts';
import { resourcePath } from '../../kubernetes/resourcePath.ts';
import { TokenReviewer } from '../../kubernetes/tokenReviewer.ts';
import { EventsService } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import { serve } from '../../rpc/serve.ts';
import type { CliContext } from '../cliContext.ts';
import { usageError } from '../cliError.ts';
import type { AggregatorCommandOptions } from '../commands/aggregator.ts';
import type { ServerLog } from '../createServerLog.ts';
import { loadKubeConfig } from '../loadKubeConfig.ts';
import { serverCredentials } from '../serverCredentials.ts';
import { serverLogOf } from '../serverLogOf.ts';
import { version } from '../version.ts';

/** Runs the aggregator until the process is asked to end, or its store is lost. */
export async function runAggregator(
  options: AggregatorCommandOptions,
  { command }: { context: CliContext; command: Command },
): Promise<void> {
  const log = serverLogOf(command);
  const maxBytes = bytesOf('--max-bytes', options.maxBytes);
  const memoryLimit = bytesOf('--memory-limit', options.memoryLimit);
  const credentials = await serverCredentials(options, log);
  if (credentials === undefined) {
    throw usageError(
      'agents and readers are served with TLS: give --tls-cert-file and --tls-key-file',
      'for a trial on one host: --insecure-loopback --listen 127.0.0.1:7444',
    );
  }
  const kubeConfig = loadKubeConfig(options.kubeconfig, 'run it in a pod');
  using api = new ApiClient(kubeConfig, `traceprobe-aggregator/${version()}`);

  await using started = new AsyncDisposableStack();
  const ending = Promise.withResolvers<string>();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      ending.resolve(name);
    });
  }
  let podGone: (uid: string) => void = () => undefined;
  const pods = watchAgents(api, options, log, (uid) => {
    podGone(uid);
  });
  started.defer(() => pods.stop());
  const authority = new ReaderReviewer({ api });
  mkdirSync(options.data, { recursive: true });
  const audit = auditTo({
    info: (message, values) => {
      log('info', message, values);
    },
  });
  const onFault = (call: string, error: unknown): void => {
    log('error', 'a read failed', { call, error: String(error) });
  };
  const { file, socket } = storePaths(options.data);
  let lost: Error | undefined;
  const aggregator = await Aggregator.start({
    store: { path: file, maxBytes, memoryLimit },
    address: options.listen,
    credentials,
    authenticator: new TokenReviewer({
      api,
      serviceAccount: { namespace: options.namespace, name: options.agentServiceAccount },
      knowsPod: (uid, node) => pods.nodes.get(uid) === node,
    }),
    addServices: (server, store, feed) => {
      serve(server, EventsService, eventsService({ store, feed, authority, audit, onFault }));
    },
    onFailing: (message) => {
      if (message === undefined) log('info', 'events are stored again');
      else log('error', 'events cannot be stored; agents hold them back', { reason: message });
    },
    onMalformed: (node, message) => {
      log('warn', 'a frame was refused', { node, reason: message });
    },
    onLost: (error) => {
      lost = error;
      ending.resolve('the store is lost');
    },
  });
  started.defer(() => aggregator.close());
  podGone = (uid) => {
    aggregator.podGone(uid);
  };
  const { store, live: feed } = aggregator;
  const local = await serveLocally({ store, feed, socket, audit, onFault }).catch((error: unknown) => {
    log('warn', 'traceprobe store backup will not work here: no socket', { error: String(error) });
    return undefined;
  });
  started.defer(async () => {
    await local?.[Symbol.asyncDispose]();
  });
  const probes = watchProbes({
    ...{ api, store },
    onError: (error) => {
      log('warn', 'watching TraceProbes', { error: String(error) });
    },
  });
  started.defer(() => probes.stop());
  const metrics = await startMetricsServer({
    address: options.metricsListen,
    registry: aggregator.registry,
    notReady: () => (pods.synced() ? aggregator.notReady() : 'agents are not known yet'),
  });
  started.defer(() => metrics.close());
  log('info', 'serving', { port: aggregator.port, metricsPort: metrics.port });

  log('info', 'ending', { reason: await ending.promise });
  if (lost) throw lost;
}

interface PodObject extends KubernetesObject {
  spec?: { nodeName?: string };
  status?: { phase?: string };
}

/** Where agents' pods run, by UID: only they may ship. */
function watchAgents(
  api: ApiClient,
  { namespace, agentServiceAccount }: AggregatorCommandOptions,
  log: ServerLog,
  onGone: (podUid: string) => void,
): { nodes: ReadonlyMap<string, string>; synced: () => boolean; stop: () => Promise<void> } {
  const nodes = new Map<string, string>();
  let synced = false;
  const reflector = new Reflector<PodObject, { uid: string; node: string }>({
    api,
    path: resourcePath({ version: 'v1', resource: 'pods', namespace }),
    query: { fieldSelector: `spec.serviceAccountName=${agentServiceAccount}` },
    transform: ({ metadata, spec, status }) => {
      const ended = status?.phase === 'Succeeded' || status?.phase === 'Failed';
      if (ended || spec?.nodeName === undefined || metadata.uid === undefined) return undefined;
      return { uid: metadata.uid, node: spec.nodeName };
    },
    onChange: ({ type, object: { uid, node } }) => {
      if (type === 'deleted') {
        nodes.delete(uid);
        onGone(uid);
      } else {
        nodes.set(uid, node);
      }
    },
    onError: (error) => {
      log('warn', "watching agents' pods", { error: String(error) });
    },
  });
  void reflector.synced.then(
    () => {
      synced = true;
    },
    () => undefined,
  );
  return { nodes, synced: () => synced, stop: () => reflector.stop() };
}

function bytesOf(option: string, quantity: string): number {
  try {
    return Number(quantityToInteger(quantity));
  } catch (error) {
    throw usageError(`${option}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
