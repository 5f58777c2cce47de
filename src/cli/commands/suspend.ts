import { Command } from 'commander';
import type { CliContext } from '../cliContext.ts';
import { addClusterOptions, type ClusterOptions } from '../read/readOptions.ts';

/** As commander hands them over. */
export interface SuspendOptions extends ClusterOptions {
  all: boolean;
}

/** `traceprobe suspend` */
export function suspendCommand(context: CliContext): Command {
  return command(context, true)
    .summary('stop probes of the cluster, keeping them and their events')
    .description(
      `Detaches TraceProbes on every node; "traceprobe resume" runs them again. With --all nothing of TraceProbe runs
anywhere at once, be it created before or later, until "traceprobe resume --all".`,
    );
}

/** `traceprobe resume` */
export function resumeCommand(context: CliContext): Command {
  return command(context, false)
    .summary('run suspended probes of the cluster again')
    .description(
      `Runs TraceProbes that were suspended again. --all ends "traceprobe suspend --all"; probes that were suspended by
name stay so.`,
    );
}

function command(context: CliContext, suspend: boolean): Command {
  const subcommand = new Command(suspend ? 'suspend' : 'resume')
    .argument('[NAME...]', 'TraceProbes')
    .option('--all', suspend ? 'every probe, at once, and those to come' : 'end suspend --all', false);
  return addClusterOptions(subcommand).action(async (names: string[], options: SuspendOptions) => {
    const { setSuspended } = await import('../suspend/setSuspended.ts');
    await setSuspended({ ...options, names, suspend }, context);
  });
}
