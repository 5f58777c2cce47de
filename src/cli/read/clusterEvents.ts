import { credentials } from '@grpc/grpc-js';
import { createClient } from '../../rpc/createClient.ts';
import { EventsService } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import { bearer } from '../../rpc/identity.ts';
import { resourcePath } from '../../kubernetes/resourcePath.ts';
import { CliError } from '../cliError.ts';
import { ask, clusterApi, type ClusterApi } from './clusterApi.ts';
import { aggregatorName, clientOptions, type Events } from './events.ts';
import { forwardToAggregator, type ReachAggregator } from './forwardToAggregator.ts';
import { readerAccount, ReaderToken } from './readerToken.ts';
import type { ReadOptions } from './readOptions.ts';

interface ConfigMap {
  data?: Record<string, string>;
}

/**
 * The aggregator of a cluster, by its kubeconfig, of which nothing leaves for anywhere but the API server: that gives a
 * token for the reader's ServiceAccount and forwards a port to the aggregator, which is known by the CA in the
 * installation's ConfigMap.
 *
 * @param reach the way to its port
 * @throws CliError
 */
export async function clusterEvents(
  options: ReadOptions,
  reach: ReachAggregator = forwardToAggregator,
): Promise<Events> {
  const { namespace } = options;
  const cluster = clusterApi(options);
  try {
    const ca = await certificateAuthority(cluster, namespace);
    const token = new ReaderToken(cluster.api, namespace);
    const freshToken = (): Promise<string> =>
      ask(token.get(), ({ status, message }) =>
        status === 403
          ? {
              message: `this user may not read events: ${message}`,
              hints: [
                `that takes verb create on serviceaccounts/token of ${readerAccount} in namespace ${namespace}`,
              ],
            }
          : undefined,
      );
    // Refused here, with a reason, rather than by a connection that does not come about.
    await freshToken();
    const port = await reach(cluster, namespace);
    const client = createClient(EventsService, port.address, credentials.createSsl(Buffer.from(ca)), {
      ...clientOptions,
      'grpc.ssl_target_name_override': aggregatorName,
    });
    return {
      client,
      credentials: async () => bearer(await freshToken()),
      failure: port.failure,
      [Symbol.asyncDispose]: async () => {
        client.close();
        await port[Symbol.asyncDispose]();
        cluster[Symbol.dispose]();
      },
    };
  } catch (error) {
    cluster[Symbol.dispose]();
    throw error;
  }
}

async function certificateAuthority({ api }: ClusterApi, namespace: string): Promise<string> {
  const name = 'traceprobe-ca';
  const path = resourcePath({ version: 'v1', resource: 'configmaps', namespace, name });
  const { data } = await ask(api.get<ConfigMap>(path), ({ status }) =>
    status === 404
      ? {
          message: `there is no TraceProbe in namespace ${namespace}: it has no ConfigMap ${name}`,
          hints: ['if it is installed in another one, say so with --namespace'],
        }
      : undefined,
  );
  const ca = data?.['ca.crt'];
  if (ca === undefined || ca === '')
    throw new CliError([{ message: `ConfigMap ${namespace}/${name} has no ca.crt` }]);
  return ca;
}
