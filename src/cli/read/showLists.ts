import { create } from '@bufbuild/protobuf';
import { formatRfc3339 } from '../../codec/rfc3339.ts';
import type { RowValue } from '../../codec/rowsOf.ts';
import {
  ResultColumnSchema,
  type LossResponse,
  type NodesResponse,
  type ProbesResponse,
  type ResultColumn,
} from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { CliContext } from '../cliContext.ts';
import { alignColumns } from '../output/alignColumns.ts';
import { escapeText } from '../output/escapeText.ts';
import type { OutputFormat } from '../output/outputFormat.ts';
import { resultFormat } from './resultFormat.ts';

/** `traceprobe nodes` */
export async function showNodes(
  { nodes }: NodesResponse,
  output: OutputFormat,
  context: CliContext,
): Promise<void> {
  await showList(
    [
      column('node', 'String'),
      column('events', 'Uint64'),
      column('last_event', 'Time'),
      column('probes', 'String'),
    ],
    nodes.map(({ name, rows, lastEvent, probes }) => [
      name,
      number(rows),
      time(lastEvent),
      probes.join(', '),
    ]),
    output,
    context,
  );
}

/** `traceprobe loss` */
export async function showLoss(
  { losses }: LossResponse,
  output: OutputFormat,
  context: CliContext,
): Promise<void> {
  const reasons = [...new Set(losses.flatMap(({ lost }) => Object.keys(lost)))].sort();
  const counts = [
    'attempted',
    'filtered',
    'captured',
    'stored',
    'open',
    'in_flight',
    'unattributed',
    'missed',
  ];
  await showList(
    [
      ...['probe', 'node'].map((name) => column(name, 'String')),
      ...[...counts, ...reasons.map((reason) => `lost_${reason}`)].map((name) => column(name, 'Uint64')),
      column('unknown_since', 'Time'),
    ],
    losses.map((loss) => [
      loss.probe,
      loss.node,
      number(loss.attempted),
      number(loss.filteredInKernel + loss.filteredNatively),
      ...[loss.captured, loss.stored, loss.open, loss.inFlight, loss.unattributed].map(number),
      loss.missed === undefined ? null : number(loss.missed),
      ...reasons.map((reason) => number(loss.lost[reason] ?? 0n)),
      time(loss.unknownSince),
    ]),
    output,
    context,
  );
}

/** What is stored of a probe, for people. */
export function probeLines({ probes }: ProbesResponse): string[] {
  return probes.flatMap(({ points, bytes }) => [
    ...points.flatMap(({ name, table, columns, rows, firstEvent, lastEvent }) => [
      `Point ${escapeText(name)}`,
      ...alignColumns(
        [
          ['table', `"${escapeText(table)}"`],
          ['events', rows.toLocaleString('en-US')],
          ...(rows > 0n ? [['stored', `${formatRfc3339(firstEvent)} to ${formatRfc3339(lastEvent)}`]] : []),
          ['columns', ''],
        ],
        { indent: 2 },
      ),
      ...alignColumns(
        columns.map(({ name: column, type }) => [escapeText(column), type]),
        { indent: 4 },
      ),
    ]),
    `Store: ${(Number(bytes) / 2 ** 20).toFixed(1)} MiB`,
  ]);
}

async function showList(
  columns: readonly ResultColumn[],
  rows: readonly RowValue[][],
  output: OutputFormat,
  { stdout }: CliContext,
): Promise<void> {
  const format = resultFormat(output, { output: stdout });
  await stdout.write(format.header(columns, ''));
  await stdout.write(format.rows(rows));
}

function column(name: string, type: string): ResultColumn {
  return create(ResultColumnSchema, { name, type });
}

function number(value: bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** 0: there is none. */
function time(nanoseconds: bigint): bigint | null {
  return nanoseconds === 0n ? null : nanoseconds;
}
