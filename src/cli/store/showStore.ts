import { stat } from 'node:fs/promises';
import type { StorePaths } from '../../aggregator/local/storePaths.ts';
import { formatRfc3339 } from '../../codec/rfc3339.ts';
import type { CliContext } from '../cliContext.ts';
import { alignColumns } from '../output/alignColumns.ts';
import { escapeText } from '../output/escapeText.ts';
import { localEvents } from './localEvents.ts';

/**
 * What is in a store, and whether somebody adds to it.
 *
 * @throws CliError
 */
export async function showStore(paths: StorePaths, context: CliContext): Promise<void> {
  const { stdout } = context;
  await using events = await localEvents(paths, context);
  const { probes } = await events.client.probes({}, await events.credentials());
  const { size } = await stat(paths.file);
  stdout.line(
    `${paths.file}: ${mebibytes(size)}, ${events.isLive ? 'open in another process' : 'not in use'}`,
  );
  const rows = probes.flatMap(({ points, bytes }) =>
    points.map(({ table, rows: count, firstEvent, lastEvent }) => [
      escapeText(table),
      count.toLocaleString('en-US'),
      mebibytes(Number(bytes)),
      ...(count > 0n ? [formatRfc3339(firstEvent), formatRfc3339(lastEvent)] : ['-', '-']),
    ]),
  );
  if (rows.length === 0) return;
  for (const line of alignColumns([['TABLE', 'EVENTS', 'OF PROBE', 'FIRST', 'LAST'], ...rows]))
    stdout.line(line);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
