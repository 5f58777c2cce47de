import { Argument, Command } from 'commander';
import type { CliContext } from '../cliContext.ts';
import { usageError } from '../cliError.ts';
import { listKinds, type ListKind } from '../list/listKinds.ts';

/** `traceprobe list` */
export function listCommand(context: CliContext): Command {
  return new Command('list')
    .summary('list what can be traced on this machine')
    .description(
      `Lists what can be traced on this machine, as "traceprobe explain" and "traceprobe run --attach" want it.
A PATTERN with * or ? is for the whole name, any other for a part of it.`,
    )
    .addArgument(new Argument('[KIND]', `${listKinds.join(', ')}; left out: all of them`))
    .argument('[PATTERN]', 'only names that match')
    .option('--all', 'everything, even on a terminal', false)
    .addHelpText('after', examples)
    .action(async (first: string | undefined, second: string | undefined, { all }: { all: boolean }) => {
      // "list openat" looks for it everywhere.
      const isKind = listKinds.includes(first as ListKind);
      if (!isKind && second !== undefined) {
        throw usageError(`there is no kind ${String(first)}: it is one of ${listKinds.join(', ')}`);
      }
      const kind = isKind ? (first as ListKind) : undefined;
      const pattern = isKind ? second : first;
      const { listHooks } = await import('../list/listHooks.ts');
      context.exitCode = await listHooks({ kind, pattern, all }, context);
    });
}

const examples = `
Examples:
  traceprobe list openat
  traceprobe list tracepoints 'sched/*'
  traceprobe list functions 'vfs_*'
`;
