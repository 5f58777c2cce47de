import { Command, InvalidArgumentError } from 'commander';
import type { CliContext } from '../cliContext.ts';
import { addReadOptions } from '../read/readOptions.ts';
import type { SupportBundleOptions } from '../supportBundle/supportBundle.ts';

/** `traceprobe support-bundle` */
export function supportBundleCommand(context: CliContext): Command {
  const command = new Command('support-bundle')
    .summary('collect what a maintainer needs to find a fault of an installation')
    .description(
      `Writes a .tar.gz with versions, TraceProbes and their status, Kubernetes Events, how nodes and pods fare, logs of
controller, aggregator and some agents, where events were lost, and what doctor says on one node: with the rights of
the kubeconfig, and it is said what those do not reach. No Secrets, no events, no audit log; names of nodes, pods and
probes, and what probes filter by, are in it.`,
    )
    .option('-o, --output <FILE>', 'where to (default: traceprobe-support-TIME.tar.gz)')
    .option('--agents <N>', 'logs of so many agents, first of those that are not well', count, 10);
  return addReadOptions(command).action(async (options: SupportBundleOptions) => {
    const { supportBundle } = await import('../supportBundle/supportBundle.ts');
    await supportBundle(options, context);
  });
}

function count(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
}
