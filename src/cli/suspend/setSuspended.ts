import { nearestNames, traceProbeResource, type TraceProbe } from '../../api/index.ts';
import { setClusterSuspended } from '../../controller/suspendSwitch.ts';
import type { ApiClient } from '../../kubernetes/apiClient.ts';
import { ApiError } from '../../kubernetes/apiError.ts';
import { resourcePath } from '../../kubernetes/resourcePath.ts';
import type { CliContext } from '../cliContext.ts';
import { CliError, usageError, type Problem } from '../cliError.ts';
import type { SuspendOptions } from '../commands/suspend.ts';
import { clusterApi } from '../read/clusterApi.ts';

export interface Suspension extends SuspendOptions {
  names: readonly string[];
  suspend: boolean;
}

/**
 * Suspends or resumes TraceProbes of a cluster, by name or all at once.
 * @throws CliError
 */
export async function setSuspended(
  { names, all, suspend, ...options }: Suspension,
  { stdout }: CliContext,
): Promise<void> {
  const verb = suspend ? 'suspend' : 'resume';
  if (all === names.length > 0) {
    throw usageError(
      all ? '--all is for every probe: leave the names away' : `say which: a NAME, or --all`,
      `traceprobe ${verb} --help shows how`,
    );
  }
  using cluster = clusterApi(options);
  const { namespace } = options;
  const { api } = cluster;
  if (all) {
    await attempt(
      () => setClusterSuspended(api, namespace, suspend),
      async () => {
        await Promise.resolve();
        const hint = 'if TraceProbe is installed in another namespace, say so with --namespace';
        return { message: `there is no namespace ${namespace} in this cluster`, hints: [hint] };
      },
    );
    stdout.line(suspend ? 'every probe is suspended, until: traceprobe resume --all' : 'probes run again');
    return;
  }
  const problems: Problem[] = [];
  for (const name of names) {
    try {
      await suspendOne(api, name, suspend);
      stdout.line(`${name} ${suspend ? 'suspended' : 'resumed'}`);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new CliError(problems);
}

const { group, version: apiVersion, plural: resource } = traceProbeResource;

async function suspendOne(api: ApiClient, name: string, suspend: boolean): Promise<void> {
  const path = resourcePath({ group, version: apiVersion, resource, name });
  await attempt(
    () => api.patch(path, { spec: { suspend } }, { type: 'merge' }),
    async () => {
      const { items } = await api.list<TraceProbe>(resourcePath({ group, version: apiVersion, resource }));
      const nearest = nearestNames(
        name,
        items.map(({ metadata }) => metadata.name),
        3,
      );
      const hints = nearest.length > 0 ? [`did you mean ${nearest.join(' or ')}?`] : [];
      return { message: `there is no TraceProbe ${name}`, hints };
    },
  );
}

/** @param notFound what it means that what was asked for is not there */
async function attempt(act: () => Promise<unknown>, notFound: () => Promise<Problem>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new CliError([error.status === 404 ? await notFound() : { message: error.message }]);
  }
}
