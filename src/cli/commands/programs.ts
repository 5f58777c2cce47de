import { Command, Option } from 'commander';
import type { CliContext } from '../cliContext.ts';
import { duration } from './duration.ts';

/** `traceprobe programs` */
export function programsCommand(context: CliContext): Command {
  return new Command('programs')
    .summary('show how often the programs of running probes run, and what they cost')
    .description(
      `Shows the programs of every "traceprobe run" on this machine: how often each ran while it was looked at, how long
on average, and its share of one CPU. Measuring costs each run some 50 ns.`,
    )
    .addOption(
      new Option('-o, --output <FORMAT>', 'for people or programs')
        .choices(['table', 'json'])
        .default('table'),
    )
    .option('--for <DURATION>', 'how long to measure', duration, '1s')
    .action(async (options: { output: 'table' | 'json'; for: string }) => {
      const { listPrograms } = await import('../programs/listPrograms.ts');
      context.exitCode = await listPrograms(options, context);
    });
}
