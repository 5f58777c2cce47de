import { formatRfc3339 } from '../../codec/rfc3339.ts';
import type { ResultHeader, WatchResponse } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import { reportProblems, type CliContext } from '../cliContext.ts';
import type { OutputFormat } from '../output/outputFormat.ts';
import { callError, isCancelled, isExpired } from './callError.ts';
import type { Events } from './events.ts';
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
  { client, credentials }: Events,
  { probe, point, filter, output, count = Infinity }: WatchOptions,
  context: CliContext,
  interrupted: AbortSignal,
  onWatching: () => void = () => undefined,
): Promise<number> {
  const { stdout, stderr } = context;
  const format = resultFormat(output, { output: stdout, hidden: crowdedColumns, live: true });
  const stop = AbortSignal.any([interrupted, stdout.gone]);
  let shown = 0;
  for (;;) {
    const stream = client.watch({ probe, point, filter }, await credentials());
    const cancel = (): void => {
      stream.cancel();
    };
    stop.addEventListener('abort', cancel);
    stream.on('metadata', onWatching);
    let header: ResultHeader | undefined;
    try {
      for await (const { message } of stream as AsyncIterable<WatchResponse>) {
        if (message.case === 'header') {
          header = message.value;
          await stdout.write(format.header(header.columns, titleOf(header)));
        } else if (message.case === 'chunk' && header) {
          const rows = resultRows(header.columns, message.value).slice(0, count - shown);
          await stdout.write(format.rows(rows));
          shown += rows.length;
          if (shown >= count) return shown;
        } else if (message.case === 'gap') {
          const { from, until, message: text } = message.value;
          const hint = `from ${formatRfc3339(from)} to ${formatRfc3339(until)}`;
          reportProblems(stderr, [{ message: text, hints: [hint] }], 'warning');
        }
      }
      return shown;
    } catch (error) {
      if (isCancelled(error) && stop.aborted) return shown;
      if (!isExpired(error)) throw callError(error);
      context.log('info', 'the token has expired: watching with a fresh one');
    } finally {
      stop.removeEventListener('abort', cancel);
      // Who stops reading has not ended the call, and an open call keeps the process alive.
      stream.on('error', () => undefined);
      cancel();
    }
  }
}

function titleOf({ probe, point }: ResultHeader): string {
  return `${probe}/${point}`;
}
