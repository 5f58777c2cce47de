import type { TraceProbe, TraceProbeStatusCondition } from '../../api/index.ts';
import type { ApiClient } from '../../kubernetes/apiClient.ts';
import { ApiError } from '../../kubernetes/apiError.ts';
import { Reflector } from '../../kubernetes/reflector.ts';
import { CliError } from '../cliError.ts';

/**
 * Waits until every node has a TraceProbe that is there. Connections that break or go silent are got over.
 *
 * @param path of the collection
 * @throws CliError when nothing will come of it without somebody's doing: it is not accepted, a condition says that it
 *   will not run, no node runs it, or it was deleted by somebody else; ApiError when it may not be watched; the
 *   signal's reason
 */
export async function awaitProgrammed(
  api: ApiClient,
  path: string,
  name: string,
  signal: AbortSignal,
): Promise<TraceProbe> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<TraceProbe>();
  const deleted = (): void => {
    reject(new CliError([{ message: `TraceProbe ${name} was deleted by somebody else` }]));
  };
  const aborted = (): void => {
    reject(signal.reason as Error);
  };
  const reflector = new Reflector<TraceProbe, TraceProbe>({
    ...{ api, path, query: { fieldSelector: `metadata.name=${name}` } },
    transform: (probe) => probe,
    onChange: ({ type, object }) => {
      try {
        if (type === 'deleted') deleted();
        else if (isProgrammed(object)) resolve(object);
      } catch (error) {
        reject(error);
      }
    },
    onError: (error) => {
      if (error instanceof ApiError && [401, 403].includes(error.status)) reject(error);
    },
  });
  reflector.synced.then(() => {
    if (reflector.size === 0) deleted();
  }, reject);
  signal.addEventListener('abort', aborted);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', aborted);
    await reflector.stop();
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
  const programmed = condition('Programmed');
  if (programmed?.status === 'False' && programmed.reason !== 'Progressing') {
    throw new CliError([
      {
        message: `TraceProbe ${metadata.name} cannot run: ${programmed.message}`,
        hints: failureHints(probe),
      },
    ]);
  }
  if (programmed?.status !== 'True') return false;
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
