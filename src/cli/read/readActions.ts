import type { CliContext } from '../cliContext.ts';
import type { OutputFormat } from '../output/outputFormat.ts';
import { noteTruncated } from './noteTruncated.ts';
import { isLocal } from './openEvents.ts';
import type { EventsOptions } from './readOptions.ts';
import { resultFormat } from './resultFormat.ts';
import { probeLines, showLoss, showNodes } from './showLists.ts';
import { showResult } from './showResult.ts';
import { crowdedColumns } from './tableColumns.ts';
import type { TimeOption } from './timeOption.ts';
import { watchProbe } from './watchProbe.ts';
import { withEvents } from './withEvents.ts';

interface Shown {
  output: OutputFormat;
}

export interface WatchCommand extends EventsOptions, Shown {
  probe: string;
  point?: string;
  filter?: string;
  count?: number;
}

/** `traceprobe watch` */
export async function watch(options: WatchCommand, context: CliContext): Promise<void> {
  const { point = '', filter = '', count } = options;
  await withEvents(options, context, async (events, interrupted) => {
    await watchProbe(events, { ...options, point, filter, count }, context, interrupted, () => {
      if (context.stderr.isTerminal) context.stderr.line(`Watching ${options.probe}. Ctrl-C ends.`);
    });
  });
}

interface Range {
  since?: TimeOption;
  until?: TimeOption;
}

function rangeOf({ since, until }: Range): { since: bigint; until: bigint } {
  const now = BigInt(Date.now()) * 1_000_000n;
  return { since: since?.(now) ?? 0n, until: until?.(now) ?? 0n };
}

export interface QueryCommand extends EventsOptions, Shown, Range {
  probe: string;
  point?: string;
  filter?: string;
  order?: string[];
  columns?: string[];
  limit: number;
  page?: string;
}

/** `traceprobe query` */
export async function query(options: QueryCommand, context: CliContext): Promise<void> {
  const { probe, point = '', filter = '', order = [], columns = [], limit, page = '', output } = options;
  const hidden = columns.length === 0 ? crowdedColumns : new Set<string>();
  await withEvents(options, context, async ({ client, credentials }, interrupted) => {
    const request = { probe, point, filter, order, columns, limit, page, ...rangeOf(options) };
    const format = resultFormat(output, { output: context.stdout, hidden });
    const stream = client.query(request, await credentials());
    noteTruncated(await showResult(stream, format, context, interrupted), context);
  });
}

export interface TopCommand extends EventsOptions, Shown, Range {
  probe: string;
  point?: string;
  filter?: string;
  by: string[];
  value?: string;
  limit: number;
}

/** `traceprobe top` */
export async function top(options: TopCommand, context: CliContext): Promise<void> {
  const { probe, point = '', filter = '', by, value = '', limit, output } = options;
  await withEvents(options, context, async ({ client, credentials }, interrupted) => {
    const request = { probe, point, filter, by, value, limit, ...rangeOf(options) };
    const format = resultFormat(output, { output: context.stdout });
    await showResult(client.top(request, await credentials()), format, context, interrupted);
  });
}

export interface SqlCommand extends EventsOptions, Shown {
  sql: string;
  limit: number;
}

/** `traceprobe sql` */
export async function sql(options: SqlCommand, context: CliContext): Promise<void> {
  await withEvents(options, context, async ({ client, credentials }, interrupted) => {
    const stream = client.sql({ sql: options.sql, limit: options.limit }, await credentials());
    const format = resultFormat(options.output, { output: context.stdout });
    noteTruncated(await showResult(stream, format, context, interrupted), context);
  });
}

/** `traceprobe loss` */
export async function loss(
  options: EventsOptions & Shown & { probe?: string },
  context: CliContext,
): Promise<void> {
  const { probe = '', output } = options;
  await withEvents(options, context, async ({ client, credentials }) => {
    await showLoss(await client.loss({ probe }, await credentials()), output, context);
  });
}

/** `traceprobe nodes` */
export async function nodes(options: EventsOptions & Shown, context: CliContext): Promise<void> {
  await withEvents(options, context, async ({ client, credentials }) => {
    await showNodes(await client.nodes({}, await credentials()), options.output, context);
  });
}

/** `traceprobe describe` */
export async function describe(
  options: EventsOptions & { probe: string },
  context: CliContext,
): Promise<void> {
  const { probe, server } = options;
  const { stdout } = context;
  if (server === undefined && !isLocal(options)) {
    const { statusLines } = await import('./statusLines.ts');
    for (const line of await statusLines(options, probe)) stdout.line(line);
  }
  await withEvents(options, context, async ({ client, credentials }) => {
    const metadata = await credentials();
    for (const line of probeLines(await client.probes({ probe }, metadata))) stdout.line(line);
    stdout.line('');
    await showLoss(await client.loss({ probe }, metadata), 'table', context);
  });
}
