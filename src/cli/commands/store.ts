import { Command } from 'commander';
import type { CliContext } from '../cliContext.ts';
import { storeDirectory } from '../store/storeDirectory.ts';

/** `traceprobe store` */
export function storeCommand(context: CliContext): Command {
  const { environment } = context;
  const command = new Command('store')
    .summary('look at, back up and restore a store of events on this machine')
    .description(
      `Stores are directories: those of "traceprobe run --store", and the data of an aggregator, whose pod has this command
as well.`,
    )
    .addHelpText('after', examples);
  command
    .command('info')
    .summary('show what is in a store')
    .argument('[DIR]', 'the directory (default: where "traceprobe run --store" puts it)')
    .action(async (directory: string | undefined) => {
      const { showStore } = await import('../store/showStore.ts');
      await showStore(storeDirectory(directory, environment), context);
    });
  command
    .command('backup')
    .summary('copy a store to a file, also while it is added to')
    .argument('<DIR>', 'the directory')
    .argument('<FILE>', 'the copy, which must not be there yet')
    .action(async (directory: string, file: string) => {
      const { backupStore } = await import('../store/backupStore.ts');
      await backupStore(storeDirectory(directory, environment), file, context);
    });
  command
    .command('restore')
    .summary('make a store of such a copy')
    .argument('<FILE>', 'the copy')
    .argument('<DIR>', 'a directory without a store')
    .action(async (file: string, directory: string) => {
      const { restoreStore } = await import('../store/restoreStore.ts');
      await restoreStore(file, storeDirectory(directory, environment), context);
    });
  return command;
}

const examples = `
Examples:
  traceprobe store info
  traceprobe store backup /var/lib/traceprobe/store backup.duckdb
  kubectl exec traceprobe-aggregator-0 -- traceprobe store backup /var/lib/traceprobe /var/lib/traceprobe/backup.duckdb
`;
