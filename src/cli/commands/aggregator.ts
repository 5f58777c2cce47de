import { Command } from 'commander';
import type { CliContext } from '../cliContext.ts';
import { environmentOption } from './environmentOption.ts';

/** `traceprobe aggregator` */
export function aggregatorCommand(context: CliContext): Command {
  return new Command('aggregator')
    .summary('store the events of a cluster, and serve them to readers')
    .description(
      `Takes events from the agents of a cluster into one DuckDB file, and serves them to readers. Who ships and who
reads, the API server says. Most options can be given by the environment variable that their description names.`,
    )
    .option('--kubeconfig <FILE>', 'left out: as kubectl finds it, or of the pod that this runs in')
    .addOption(
      environmentOption('--data <DIRECTORY>', 'TRACEPROBE_DATA', 'of the store').makeOptionMandatory(),
    )
    .addOption(
      environmentOption('--namespace <NAME>', 'POD_NAMESPACE', "of agents' pods").default('traceprobe'),
    )
    .addOption(
      environmentOption('--listen <HOST:PORT>', 'TRACEPROBE_LISTEN', 'for agents and readers').default(
        ':7444',
      ),
    )
    .addOption(
      environmentOption(
        '--metrics-listen <HOST:PORT>',
        'TRACEPROBE_METRICS_LISTEN',
        '/metrics, /healthz, /readyz',
      ).default(':9466'),
    )
    .addOption(
      environmentOption(
        '--agent-service-account <NAME>',
        'TRACEPROBE_AGENT_SERVICE_ACCOUNT',
        "that agents' pods run as",
      ).default('traceprobe-agent'),
    )
    .addOption(
      environmentOption(
        '--max-bytes <QUANTITY>',
        'TRACEPROBE_MAX_BYTES',
        'of all events; then the oldest go',
      ).default('10Gi'),
    )
    .addOption(
      environmentOption('--memory-limit <QUANTITY>', 'TRACEPROBE_MEMORY_LIMIT', "of DuckDB's own").default(
        '1Gi',
      ),
    )
    .addOption(
      environmentOption('--tls-cert-file <FILE>', 'TRACEPROBE_TLS_CERT_FILE', 'read again when it changes'),
    )
    .addOption(environmentOption('--tls-key-file <FILE>', 'TRACEPROBE_TLS_KEY_FILE', 'its private key'))
    .option('--insecure-loopback', 'no TLS; only on a loopback address, for trials on one host', false)
    .action(async (options: AggregatorCommandOptions, command: Command) => {
      const { runAggregator } = await import('../aggregator/runAggregator.ts');
      await runAggregator(options, { context, command });
    });
}

/** As commander hands them over. */
export interface AggregatorCommandOptions {
  kubeconfig?: string;
  data: string;
  namespace: string;
  listen: string;
  metricsListen: string;
  agentServiceAccount: string;
  maxBytes: string;
  memoryLimit: string;
  tlsCertFile?: string;
  tlsKeyFile?: string;
  insecureLoopback: boolean;
}
