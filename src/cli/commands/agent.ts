import { hostname } from 'node:os';
import { Command } from 'commander';
import type { CliContext } from '../cliContext.ts';
import { smallNursery } from '../smallNursery.ts';
import { environmentOption } from './environmentOption.ts';

/** `traceprobe agent` */
export function agentCommand(context: CliContext): Command {
  return new Command('agent')
    .summary('run on this node what the controller of a cluster wants')
    .description(
      `Runs the TraceProbes that the controller wants on this node, and sends their events to the aggregator. It goes on
from the last plan while the controller is away, and keeps events on disk while the aggregator is. Every option can be
given by the environment variable that its description names.`,
    )
    .addOption(
      environmentOption('--controller <HOST:PORT>', 'TRACEPROBE_CONTROLLER', '').makeOptionMandatory(),
    )
    .addOption(
      environmentOption(
        '--token-file <FILE>',
        'TRACEPROBE_TOKEN_FILE',
        'projected token, read again and again',
      ).default('/var/run/secrets/traceprobe/token'),
    )
    .addOption(
      environmentOption(
        '--ca-file <FILE>',
        'TRACEPROBE_CA_FILE',
        'CA bundle of controller and aggregator, read again when it changes',
      ),
    )
    .addOption(environmentOption('--node-name <NAME>', 'NODE_NAME', '').default(hostname()))
    .addOption(
      environmentOption(
        '--data-dir <DIRECTORY>',
        'TRACEPROBE_DATA_DIR',
        'of the spool and the last plan',
      ).default('/var/lib/traceprobe'),
    )
    .addOption(
      environmentOption(
        '--pin-dir <DIRECTORY>',
        'TRACEPROBE_PIN_DIR',
        'below bpffs: counters that outlive a kill',
      ).default('/sys/fs/bpf/traceprobe'),
    )
    .addOption(
      environmentOption(
        '--cgroup-root <DIRECTORY>',
        'TRACEPROBE_CGROUP_ROOT',
        "the node's /sys/fs/cgroup; left out: what is mounted here",
      ),
    )
    .addOption(
      environmentOption(
        '--host-root <DIRECTORY>',
        'TRACEPROBE_HOST_ROOT',
        "where the node's files are that delayedUnlink keeps; left out: where the node has them",
      ),
    )
    .addOption(
      environmentOption(
        '--controller-name <NAME>',
        'TRACEPROBE_CONTROLLER_NAME',
        "in the controller's certificate; left out: the host of --controller",
      ),
    )
    .addOption(
      environmentOption(
        '--aggregator-name <NAME>',
        'TRACEPROBE_AGGREGATOR_NAME',
        "in the aggregator's certificate; left out: the host of its address",
      ),
    )
    .addOption(
      environmentOption('--spool-bytes <QUANTITY>', 'TRACEPROBE_SPOOL_BYTES', 'on disk at most').default(
        '1Gi',
      ),
    )
    .addOption(
      environmentOption(
        '--metrics-listen <HOST:PORT>',
        'TRACEPROBE_METRICS_LISTEN',
        '/metrics, /healthz',
      ).default(':9465'),
    )
    .option(
      '--insecure-loopback',
      'no TLS; only to a controller and an aggregator on loopback addresses',
      false,
    )
    .action(async (options: AgentCommandOptions, command: Command) => {
      smallNursery();
      const { runAgent } = await import('../agent/runAgent.ts');
      await runAgent(options, { context, command });
    });
}

/** As commander hands them over. */
export interface AgentCommandOptions {
  controller: string;
  tokenFile: string;
  caFile?: string;
  nodeName: string;
  dataDir: string;
  pinDir: string;
  cgroupRoot?: string;
  hostRoot?: string;
  controllerName?: string;
  aggregatorName?: string;
  spoolBytes: string;
  metricsListen: string;
  insecureLoopback: boolean;
}
