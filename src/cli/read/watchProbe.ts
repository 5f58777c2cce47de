import { formatRfc3339 } from '../../codec/rfc3339.ts';
import type { ResultHeader } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import { reportProblems, type CliContext } from '../cliContext.ts';
import type { OutputFormat } from '../output/outputFormat.ts';
import { callError } from './callError.ts';
import type { Events } from './events.ts';
import { renewedWatch } from './renewedWatch.ts';
import { resultFormat } from './resultFormat.ts';
import { resultRows } from './resultRows.ts';
import { crowdedColumns } from './tableColumns.ts';

export interface WatchOptions {
  probe: string;
  point: string;
  filter: string;
  output: OutputFormat;
  /** Events to show. */
  count: number | undefined;
}

/**
 * Shows events of a probe as they are committed, until the signal is aborted, the count is reached or nobody reads.
 *
 * @param onWatching called when nothing passes unseen any more
 * @returns events that were shown
 * @throws CliError
 */
export async function watchProbe(
  events: Events,
  { probe, point, filter, output, count = Infinity }: WatchOptions,
  context: CliContext,
  interrupted: AbortSignal,
  onWatching: () => void = () => undefined,
): Promise<number> {
  const { stdout, stderr } = context;
  const format = resultFormat(output, { output: stdout, hidden: crowdedColumns, live: true });
  const watched = renewedWatch(
    events,
    { probe, point, filter },
    {
      signal: AbortSignal.any([interrupted, stdout.gone]),
      onWatching,
      onError: (error) => {
        context.log('warn', 'there is no fresh token; trying again', { error: String(error) });
      },
    },
  );
  let shown = 0;
  let columns = '';
  try {
    for await (const message of watched) {
      if (message.case === 'gap') {
        const { from, until, message: text } = message.value;
        const hint = `from ${formatRfc3339(from)} to ${formatRfc3339(until)}`;
        reportProblems(stderr, [{ message: text, hints: [hint] }], 'warning');
        continue;
      }
      const { header } = message;
      const title = titleOf(header);
      // Another generation may have the same ones.
      const those = JSON.stringify([title, header.columns]);
      if (those !== columns) await stdout.write(format.header(header.columns, title));
      columns = those;
      const rows = resultRows(header.columns, message.value).slice(0, count - shown);
      await stdout.write(format.rows(rows));
      shown += rows.length;
      if (shown >= count) return shown;
    }
    return shown;
  } catch (error) {
    throw callError(error);
  }
}

function titleOf({ probe, point }: ResultHeader): string {
  return `${probe}/${point}`;
}
