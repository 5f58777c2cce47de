import type { CliContext } from '../cliContext.ts';
import { clusterApi } from '../read/clusterApi.ts';
import type { ReadOptions } from '../read/readOptions.ts';
import { withEvents } from '../read/withEvents.ts';
import { clusterRun, type ClusterRun } from './clusterRun.ts';

/** `kubectl traceprobe run`, or `traceprobe run --cluster`. */
export async function runOnCluster(options: ClusterRun & ReadOptions, context: CliContext): Promise<void> {
  using cluster = clusterApi(options);
  await withEvents(options, context, async (events, interrupted) => {
    await clusterRun(options, cluster.api, events, context, interrupted);
  });
}
