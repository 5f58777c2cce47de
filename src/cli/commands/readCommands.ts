import { Command, InvalidArgumentError, Option } from 'commander';
import type { CliContext } from '../cliContext.ts';
import { outputFormats } from '../output/outputFormat.ts';
import { addLocalOptions, addReadOptions, type EventsOptions } from '../read/readOptions.ts';
import { timeOption } from '../read/timeOption.ts';
import type { QueryCommand, SqlCommand, TopCommand, WatchCommand } from '../read/readActions.ts';

type Shown = Pick<SqlCommand, 'output'>;

/** What the aggregator's client needs is loaded with the first of these that runs. */
function actions(): Promise<typeof import('../read/readActions.ts')> {
  return import('../read/readActions.ts');
}

/** `traceprobe watch` */
export function watchCommand(context: CliContext): Command {
  const command = new Command('watch')
    .summary("show a probe's events of the whole cluster as they happen")
    .argument('<PROBE>', 'the TraceProbe')
    .addOption(point)
    .addOption(filter)
    .option('--count <N>', 'stop after this many events', count)
    .addOption(output());
  return addSources(command).action(async (probe: string, options: Omit<WatchCommand, 'probe'>) => {
    await (await actions()).watch({ ...options, probe }, context);
  });
}

/** `traceprobe query` */
export function queryCommand(context: CliContext): Command {
  const command = new Command('query')
    .summary("show a probe's stored events")
    .argument('<PROBE>', 'the TraceProbe')
    .addOption(point)
    .addOption(since())
    .addOption(until())
    .addOption(filter)
    .option('--order <COLUMN...>', 'by which columns, "-" before those that descend (default: time)')
    .option('--columns <COLUMN...>', 'which columns (default: all)')
    .option('--limit <N>', 'rows', count, 10_000)
    .option('--page <PAGE>', 'what follows the rows that an earlier query ended with')
    .addOption(output())
    .addHelpText('after', queryExamples);
  return addSources(command).action(async (probe: string, options: Omit<QueryCommand, 'probe'>) => {
    await (await actions()).query({ ...options, probe }, context);
  });
}

/** `traceprobe top` */
export function topCommand(context: CliContext): Command {
  const command = new Command('top')
    .summary("show the most frequent values of a probe's stored events")
    .argument('<PROBE>', 'the TraceProbe')
    .requiredOption('--by <COLUMN...>', 'whose values are counted, such as comm or k8s.pod')
    .option(
      '--value <VALUE>',
      'order by sum(COLUMN), avg(COLUMN), min(COLUMN) or max(COLUMN) instead of count',
    )
    .addOption(point)
    .addOption(since())
    .addOption(until())
    .addOption(filter)
    .option('--limit <N>', 'rows', count, 10)
    .addOption(output());
  return addSources(command).action(async (probe: string, options: Omit<TopCommand, 'probe'>) => {
    await (await actions()).top({ ...options, probe }, context);
  });
}

/** `traceprobe sql` */
export function sqlCommand(context: CliContext): Command {
  const command = new Command('sql')
    .summary('ask stored events in SQL')
    .description(
      `Runs one SELECT of DuckDB's SQL over stored events: a table is called like its probe, or "PROBE/POINT" when the
probe has several points. Columns are spelt as in filters; k8s is a structure: k8s.pod.`,
    )
    .argument('<SQL>', 'the statement')
    .option('--limit <N>', 'rows', count, 100_000)
    .addOption(output())
    .addHelpText('after', sqlExamples);
  return addSources(command).action(async (sql: string, options: Omit<SqlCommand, 'sql'>) => {
    await (await actions()).sql({ ...options, sql }, context);
  });
}

/** `traceprobe loss` */
export function lossCommand(context: CliContext): Command {
  const command = new Command('loss')
    .summary('show where the hits of probes went, by node')
    .argument('[PROBE]', 'one TraceProbe (default: all)')
    .addOption(output());
  return addSources(command).action(async (probe: string | undefined, options: EventsOptions & Shown) => {
    await (await actions()).loss({ ...options, ...(probe !== undefined && { probe }) }, context);
  });
}

/** `traceprobe nodes` */
export function nodesCommand(context: CliContext): Command {
  const command = new Command('nodes').summary('show which nodes have sent events').addOption(output());
  return addSources(command).action(async (options: EventsOptions & Shown) => {
    await (await actions()).nodes(options, context);
  });
}

/** `traceprobe describe` */
export function describeCommand(context: CliContext): Command {
  const command = new Command('describe')
    .summary('show how a probe fares: status, failures, columns, loss')
    .argument('<PROBE>', 'the TraceProbe');
  return addSources(command).action(async (probe: string, options: EventsOptions) => {
    await (await actions()).describe({ ...options, probe }, context);
  });
}

/** Everything that events can be read from. */
function addSources(command: Command): Command {
  return addReadOptions(addLocalOptions(command));
}

const point = new Option('--point <NAME>', 'of a probe with several points');
const filter = new Option('--filter <CEL>', 'only events for which this holds');
const since = (): Option =>
  new Option('--since <TIME>', 'from then on: 10m (ago), or 2026-11-21T12:00:00Z').argParser(timeOption);
const until = (): Option => new Option('--until <TIME>', 'before then').argParser(timeOption);
const output = (): Option =>
  new Option('-o, --output <FORMAT>', 'how rows are shown').choices(outputFormats).default('table');

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(text);
}

const queryExamples = `
Examples:
  traceprobe query slow-opens --since 10m --filter 'comm == "nginx"' --order -duration --limit 20
  traceprobe query slow-opens --since 1h -o csv > slow-opens.csv
`;

const sqlExamples = `
Examples:
  traceprobe sql 'SELECT k8s.pod, quantile_cont(duration, 0.99) FROM "slow-opens" GROUP BY ALL ORDER BY 2 DESC'
  traceprobe sql --local 'SELECT comm, count(*) FROM "slow-opens" GROUP BY ALL'
`;
