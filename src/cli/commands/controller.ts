import { Command } from 'commander';
import type { CliContext } from '../cliContext.ts';
import { environmentOption } from './environmentOption.ts';

/** `traceprobe controller` */
export function controllerCommand(context: CliContext): Command {
  return new Command('controller')
    .summary('serve the agents of a cluster, and write what became of its TraceProbes')
    .description(
      `Watches TraceProbes, nodes and pods, tells the agent of each node what to run, and writes the statuses of the
TraceProbes. Of several replicas one leads; the others stand by and send agents to it. Most options can be
given by the environment variable that their description names.`,
    )
    .option('--kubeconfig <FILE>', 'left out: as kubectl finds it, or of the pod that this runs in')
    .addOption(
      environmentOption('--namespace <NAME>', 'POD_NAMESPACE', 'of its Lease and switch').default(
        'traceprobe',
      ),
    )
    .addOption(environmentOption('--listen <HOST:PORT>', 'TRACEPROBE_LISTEN', 'for agents').default(':7443'))
    .addOption(
      environmentOption(
        '--advertise <HOST:PORT>',
        'TRACEPROBE_ADVERTISE',
        'where agents reach this replica; left out: POD_IP',
      ),
    )
    .addOption(
      environmentOption(
        '--metrics-listen <HOST:PORT>',
        'TRACEPROBE_METRICS_LISTEN',
        '/metrics, /healthz, /readyz',
      ).default(':9464'),
    )
    .addOption(
      environmentOption(
        '--agent-service-account <NAMESPACE/NAME>',
        'TRACEPROBE_AGENT_SERVICE_ACCOUNT',
        "that agents' pods run as; left out: traceprobe-agent in --namespace",
      ),
    )
    .addOption(
      environmentOption(
        '--agent-node-selector <LABEL=VALUE,...>',
        'TRACEPROBE_AGENT_NODE_SELECTOR',
        'labels of the nodes that agents run on; left out: every Linux node',
      ),
    )
    .addOption(
      environmentOption(
        '--aggregator-address <HOST:PORT>',
        'TRACEPROBE_AGGREGATOR_ADDRESS',
        'where agents send events',
      ).makeOptionMandatory(),
    )
    .addOption(
      environmentOption(
        '--tls-cert-file <FILE>',
        'TRACEPROBE_TLS_CERT_FILE',
        'certificate, read again when it changes; left out: made here, kept in Secrets of --namespace',
      ),
    )
    .addOption(environmentOption('--tls-key-file <FILE>', 'TRACEPROBE_TLS_KEY_FILE', 'its private key'))
    .option('--insecure-loopback', 'no TLS; only on a loopback address, for trials on one host', false)
    .addOption(
      environmentOption(
        '--lease-duration <DURATION>',
        'TRACEPROBE_LEASE_DURATION',
        'others wait so long for a leader',
      ).default('15s'),
    )
    .action(async (options: ControllerCommandOptions, command: Command) => {
      const { runController } = await import('../controller/runController.ts');
      await runController(options, { context, command });
    });
}

/** As commander hands them over. */
export interface ControllerCommandOptions {
  kubeconfig?: string;
  namespace: string;
  listen: string;
  advertise?: string;
  metricsListen: string;
  agentServiceAccount?: string;
  agentNodeSelector?: string;
  aggregatorAddress: string;
  tlsCertFile?: string;
  tlsKeyFile?: string;
  insecureLoopback: boolean;
  leaseDuration: string;
}
