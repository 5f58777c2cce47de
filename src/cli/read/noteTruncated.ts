import type { ResultEnd } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import { reportProblems, type CliContext } from '../cliContext.ts';

/** Says that a result was cut, and how to get the rest. */
export function noteTruncated(end: ResultEnd | undefined, { stderr }: CliContext): void {
  if (end?.truncated !== true) return;
  const hints = end.nextPage === '' ? ['--limit raises the limit'] : [`what follows: --page ${end.nextPage}`];
  reportProblems(stderr, [{ message: `only the first ${end.rows} rows are shown`, hints }], 'warning');
}
