import { resourcePath } from '../../kubernetes/resourcePath.ts';
import { CliError } from '../cliError.ts';
import { ask, type ClusterApi } from './clusterApi.ts';
import { forwardPort, type ForwardedPort } from './forwardPort.ts';

/** A way to the aggregator's port, while it is open. */
export type ReachAggregator = (cluster: ClusterApi, namespace: string) => Promise<ForwardedPort>;

interface Pod {
  metadata: { name: string };
  spec: { containers: { ports?: { name?: string; containerPort: number }[] }[] };
  status?: { conditions?: { type: string; status: string }[] };
}

/**
 * Forwards a port to the aggregator's pod that is ready.
 *
 * @throws CliError when there is none
 */
export const forwardToAggregator: ReachAggregator = async (cluster, namespace) =>
  forwardPort(cluster.kubeConfig, await aggregatorPod(cluster, namespace));

async function aggregatorPod(
  { api }: ClusterApi,
  namespace: string,
): Promise<{ namespace: string; name: string; port: number }> {
  const labelSelector = 'app.kubernetes.io/name=traceprobe,app.kubernetes.io/component=aggregator';
  const path = resourcePath({ version: 'v1', resource: 'pods', namespace });
  const { items } = await ask(api.list<Pod>(path, { query: { labelSelector } }), () => undefined);
  const ready = items.find(({ status }) =>
    status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
  );
  if (ready === undefined) {
    const names = items.map(({ metadata }) => metadata.name).join(', ');
    const which = items.length === 0 ? 'there is none' : `${names} is not ready`;
    throw new CliError([{ message: `no aggregator answers in namespace ${namespace}: ${which}` }]);
  }
  const ports = ready.spec.containers.flatMap(({ ports: own = [] }) => own);
  const port = ports.find(({ name }) => name === 'grpc')?.containerPort ?? 9443;
  return { namespace, name: ready.metadata.name, port };
}
