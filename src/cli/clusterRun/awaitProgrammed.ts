import type { TraceProbe, TraceProbeStatusCondition } from '../../api/index.ts';
import type { ApiClient } from '../../kubernetes/apiClient.ts';
import { CliError } from '../cliError.ts';

/** A proxy may drop a connection without a word. */
const silenceMs = 120_000;

/**
 * Waits until every node has a TraceProbe.
 *
 * @param path of the collection
 * @throws CliError when it is not accepted, no node runs it, or it was deleted by somebody else; ApiError
 */
export async function awaitProgrammed(
  api: ApiClient,
  path: string,
  name: string,
  signal: AbortSignal,
): Promise<TraceProbe> {
  const query = { fieldSelector: `metadata.name=${name}` };
  for (;;) {
    // Without a version a watch begins with what there is.
    for await (const { type, object } of api.watch<TraceProbe>(path, { query, signal, silenceMs })) {
      if (type === 'DELETED')
        throw new CliError([{ message: `TraceProbe ${name} was deleted by somebody else` }]);
      if (type !== 'BOOKMARK' && isProgrammed(object)) return object;
    }
  }
}

function isProgrammed(probe: TraceProbe): boolean {
  const { metadata, status } = probe;
  const condition = (type: string): TraceProbeStatusCondition | undefined =>
    status?.conditions?.find(
      (each) => each.type === type && (each.observedGeneration ?? 0) >= (metadata.generation ?? 1),
    );
  const accepted = condition('Accepted');
  if (accepted?.status === 'False') {
    throw new CliError([{ message: `TraceProbe ${metadata.name} is not accepted: ${accepted.message}` }]);
  }
  if (condition('Programmed')?.status !== 'True') return false;
  const { running = 0 } = status?.nodes ?? {};
  if (running === 0) {
    throw new CliError([
      {
        message: `no node runs TraceProbe ${metadata.name}: ${condition('Ready')?.message ?? 'none is selected'}`,
        hints: failureHints(probe),
      },
    ]);
  }
  return true;
}

/** What failed, and on how many nodes. */
export function failureHints({ status }: TraceProbe): string[] {
  return (status?.failures ?? []).map(({ reason, message, count, nodes }) => {
    const where = count === 1 ? `on ${nodes.join(', ')}` : `on ${count} nodes, such as ${nodes.join(', ')}`;
    return `${reason} ${where}: ${message}`;
  });
}
