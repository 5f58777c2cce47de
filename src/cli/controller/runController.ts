import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { ServerCredentials } from '@grpc/grpc-js';
import type { Command } from 'commander';
import { durationToMilliseconds } from '../../api/index.ts';
import { CertificateKeeper } from '../../controller/certificateKeeper.ts';
import { Controller } from '../../controller/controller.ts';
import { OwnCertificates } from '../../controller/ownCertificates.ts';
import { ApiClient } from '../../kubernetes/apiClient.ts';
import type { CliContext } from '../cliContext.ts';
import { usageError } from '../cliError.ts';
import type { ControllerCommandOptions } from '../commands/controller.ts';
import type { ServerLog } from '../createServerLog.ts';
import { loadKubeConfig } from '../loadKubeConfig.ts';
import { serverCredentials } from '../serverCredentials.ts';
import { serverLogOf } from '../serverLogOf.ts';
import { version } from '../version.ts';
import { agentNodeSelector } from './agentNodeSelector.ts';
import { ownAddress } from './ownAddress.ts';

/** Runs the controller until the process is asked to end. */
export async function runController(
  options: ControllerCommandOptions,
  { context, command }: { context: CliContext; command: Command },
): Promise<void> {
  const log = serverLogOf(command);
  const kubeConfig = loadKubeConfig(options.kubeconfig, 'run it in a pod');
  using api = new ApiClient(kubeConfig, `traceprobe-controller/${version()}`);
  const leaseDurationMs = leaseDurationOf(options.leaseDuration);
  const trust = await trustOf(options, api, log);
  try {
    const controller = await Controller.start({
      ...{ api, kubeConfig, log, ...trust },
      namespace: options.namespace,
      identity: `${context.environment['POD_NAME'] ?? hostname()}_${randomUUID()}`,
      listen: options.listen,
      advertise: options.advertise ?? ownAddress(options.listen, context.environment),
      metricsListen: options.metricsListen,
      agentServiceAccount: accountOf(options),
      agentNodes: agentNodeSelector(options.agentNodeSelector ?? ''),
      aggregator: options.aggregatorAddress,
      lease: {
        leaseDurationMs,
        renewDeadlineMs: 2 * Math.floor(leaseDurationMs / 3),
        retryMs: Math.min(2000, Math.floor(leaseDurationMs / 6)),
      },
    });
    const signal = await new Promise<NodeJS.Signals>((resolve) => {
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, resolve);
    });
    log('info', 'ending', { signal });
    await controller.close();
  } finally {
    await trust.close?.();
  }
}

/** Shorter ones than a second could not be renewed in time. */
function leaseDurationOf(text: string): number {
  const milliseconds = durationToMilliseconds(text);
  // NaN, too, is not.
  if (milliseconds >= 1000) return milliseconds;
  throw usageError(`--lease-duration: "${text}" is no duration of at least 1s, such as 15s`);
}

interface Trust {
  credentials: ServerCredentials;
  whileLeading?: (signal: AbortSignal) => Promise<void>;
  close?: () => Promise<void>;
}

/** TLS: from files, or made here. */
async function trustOf(options: ControllerCommandOptions, api: ApiClient, log: ServerLog): Promise<Trust> {
  const { namespace } = options;
  const credentials = await serverCredentials(options, log);
  if (credentials !== undefined) return { credentials };
  const own = new OwnCertificates({
    server: 'controller',
    keeper: new CertificateKeeper({
      client: api,
      namespace,
      servers: { controller: namesOf('controller', namespace), aggregator: namesOf('aggregator', namespace) },
    }),
    onError: (error) => {
      log('warn', 'certificates', { error: String(error) });
    },
  });
  return {
    credentials: own.credentials,
    whileLeading: (signal) => own.whileLeading(signal),
    close: () => own.close(),
  };
}

/** Names of a Service, from the one that clients check to the longest. */
function namesOf(server: string, namespace: string): string[] {
  const name = `traceprobe-${server}`;
  return [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`];
}

function accountOf({ agentServiceAccount, namespace }: ControllerCommandOptions): {
  namespace: string;
  name: string;
} {
  if (agentServiceAccount === undefined) return { namespace, name: 'traceprobe-agent' };
  const [ofNamespace = '', name = '', ...more] = agentServiceAccount.split('/');
  if (ofNamespace === '' || name === '' || more.length > 0) {
    throw usageError(`--agent-service-account: "${agentServiceAccount}" is not NAMESPACE/NAME`);
  }
  return { namespace: ofNamespace, name };
}
