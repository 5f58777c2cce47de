import { Command, Option } from 'commander';
import type { CliContext } from '../cliContext.ts';

export interface HeldOptions {
  output: 'table' | 'json';
  release: boolean;
  all: boolean;
  socket?: string;
}

/** `traceprobe held` */
export function heldCommand(context: CliContext): Command {
  return new Command('held')
    .summary('list the files that delayedUnlink keeps on this machine, or let them go')
    .description(
      `Lists the files that TraceProbes of kind delayedUnlink keep on this machine although they were deleted: their size,
how long they have been kept, and what they wait for. With --release they are deleted now, read or not. On a cluster it
runs where the agent is: kubectl exec -n traceprobe POD -- traceprobe held.`,
    )
    .argument('[PATH...]', 'with --release: which files')
    .addOption(
      new Option('-o, --output <FORMAT>', 'for people or programs')
        .choices(['table', 'json'])
        .default('table'),
    )
    .option('--release', 'delete files now', false)
    .option('--all', 'with --release: every file', false)
    .option('--socket <FILE>', 'of one agent or run; left out: all there are')
    .action(async (paths: string[], options: HeldOptions) => {
      const { held } = await import('../held/held.ts');
      context.exitCode = await held({ ...options, paths }, context);
    });
}
