import type { ClientReadableStream } from '@grpc/grpc-js';
import type { ResultChunk, ResultEnd, ResultHeader } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { CliContext } from '../cliContext.ts';
import { callError, isCancelled } from './callError.ts';
import type { ResultFormat } from './resultFormat.ts';
import { resultRows } from './resultRows.ts';

type ResultMessage =
  | { case: 'header'; value: ResultHeader }
  | { case: 'chunk'; value: ResultChunk }
  | { case: 'end'; value: ResultEnd }
  | { case: undefined; value?: undefined };

/**
 * Shows a result as it comes, no faster than it is read.
 *
 * @returns its end; undefined: it was cut short by the signal, or by whoever reads
 * @throws CliError
 */
export async function showResult(
  stream: ClientReadableStream<{ message: ResultMessage }>,
  format: ResultFormat,
  { stdout }: CliContext,
  interrupted: AbortSignal,
): Promise<ResultEnd | undefined> {
  const stop = AbortSignal.any([interrupted, stdout.gone]);
  const cancel = (): void => {
    stream.cancel();
  };
  stop.addEventListener('abort', cancel);
  let header: ResultHeader | undefined;
  let end: ResultEnd | undefined;
  let shown = 0;
  try {
    for await (const { message } of stream as AsyncIterable<{ message: ResultMessage }>) {
      if (message.case === 'header') {
        header = message.value;
        await stdout.write(format.header(header.columns, ''));
      } else if (message.case === 'chunk' && header) {
        shown += message.value.rows;
        if (!(await stdout.write(format.rows(resultRows(header.columns, message.value))))) break;
      } else if (message.case === 'end') end = message.value;
    }
  } catch (error) {
    if (!(isCancelled(error) && stop.aborted)) throw callError(error);
  } finally {
    stop.removeEventListener('abort', cancel);
  }
  // Of a table, the names of its columns.
  if (shown === 0) await stdout.write(format.rows([]));
  return end;
}
