import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { credentials as grpc, type ChannelCredentials, type ClientOptions } from '@grpc/grpc-js';
import type { Command } from 'commander';
import { Agent } from '../../agent/agent.ts';
import { agentMetrics } from '../../agent/agentMetrics.ts';
import { Epochs } from '../../agent/epochs.ts';
import { isLoopback } from '../../rpc/isLoopback.ts';
import { cgroupsBelow } from '../../agent/workloads/cgroupHierarchy.ts';
import { isQuantity, quantityToInteger } from '../../api/index.ts';
import { clientFileCredentials } from '../../rpc/tls/fileCredentials.ts';
import { startMetricsServer } from '../../service/metricsServer.ts';
import type { CliContext } from '../cliContext.ts';
import { usageError } from '../cliError.ts';
import type { AgentCommandOptions } from '../commands/agent.ts';
import { serverLogOf } from '../serverLogOf.ts';
import { requireTracing, thisMachine } from '../requireTracing.ts';
import { version } from '../version.ts';

/** Runs the agent until the process is asked to end. */
export async function runAgent(
  options: AgentCommandOptions,
  { command }: { context: CliContext; command: Command },
): Promise<void> {
  requireTracing(thisMachine());
  const log = serverLogOf(command);
  const credentials = credentialsOf(options, (reason) => {
    log('warn', 'a changed CA bundle is not used', { reason });
  });
  if (!isQuantity(options.spoolBytes)) {
    throw usageError(`--spool-bytes: "${options.spoolBytes}" is no quantity, such as 1Gi`);
  }
  mkdirSync(options.dataDir, { recursive: true });
  const ended = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, resolve);
  });
  // Nodes of one kernel (kind) share bpffs, which takes no dots in names; names of nodes have no underscores.
  const pins = join(options.pinDir, options.nodeName.replaceAll('.', '_'));
  const agent = new Agent({
    ...{ credentials, log, controller: options.controller, nodeName: options.nodeName },
    onlyLoopback: options.insecureLoopback,
    controllerOptions: nameOptions(options.controllerName),
    aggregatorOptions: nameOptions(options.aggregatorName),
    token: async () => (await readFile(options.tokenFile, 'utf8')).trim(),
    version: version(),
    dataDirectory: options.dataDir,
    epochs: new Epochs(pins, join(options.dataDir, 'epochs')),
    unlinks: {
      pinDirectory: join(pins, 'unlink'),
      dataDirectory: options.dataDir,
      socket: join(options.dataDir, 'held.sock'),
      ...(options.hostRoot !== undefined && { hostRoot: options.hostRoot }),
    },
    ...(options.cgroupRoot !== undefined && { cgroups: cgroupsBelow(options.cgroupRoot) }),
    maxSpoolBytes: Number(quantityToInteger(options.spoolBytes)),
  });
  try {
    const health = await startMetricsServer({
      address: options.metricsListen,
      registry: agentMetrics(agent),
    });
    log('info', 'the agent runs', { node: options.nodeName, metricsPort: health.port });
    log('info', 'ending', { signal: await ended });
    await health.close();
  } finally {
    await agent.close();
  }
}

/** TLS, unless the controller is on this machine and that was asked for. */
function credentialsOf(
  { caFile, insecureLoopback, controller }: AgentCommandOptions,
  onRefused: (reason: string) => void,
): ChannelCredentials {
  if (insecureLoopback) {
    if (!isLoopback(controller)) {
      throw usageError(
        `--insecure-loopback: ${controller} is no loopback address`,
        'the token would cross the network in clear: give --ca-file',
      );
    }
    return grpc.createInsecure();
  }
  if (caFile === undefined) {
    throw usageError(
      'the controller is trusted by its CA: give --ca-file',
      'for a trial on one host: --insecure-loopback --controller 127.0.0.1:7443',
    );
  }
  return clientFileCredentials(caFile, { onRefused });
}

/** What the peer's certificate is checked for, whatever address it was reached at. */
function nameOptions(name: string | undefined): ClientOptions {
  return name === undefined ? {} : { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name };
}
