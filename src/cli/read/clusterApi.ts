import type { KubeConfig } from '@kubernetes/client-node';
import { ApiClient } from '../../kubernetes/apiClient.ts';
import { ApiError } from '../../kubernetes/apiError.ts';
import { CliError, type Problem } from '../cliError.ts';
import { loadKubeConfig } from '../loadKubeConfig.ts';
import { version } from '../version.ts';
import type { ReadOptions } from './readOptions.ts';

/** The API server of a kubeconfig. */
export interface ClusterApi extends Disposable {
  kubeConfig: KubeConfig;
  api: ApiClient;
}

/** @throws CliError for a context that is not there */
export function clusterApi({ kubeconfig, context }: Pick<ReadOptions, 'kubeconfig' | 'context'>): ClusterApi {
  const kubeConfig = loadKubeConfig(kubeconfig, 'name an aggregator with --server');
  if (context !== undefined) {
    const names = kubeConfig.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      throw new CliError([
        { message: `--context: there is no context ${context}`, hints: [`there are ${names.join(', ')}`] },
      ]);
    }
    kubeConfig.setCurrentContext(context);
  }
  const api = new ApiClient(kubeConfig, `traceprobe/${version()}`);
  return {
    kubeConfig,
    api,
    [Symbol.dispose]: () => {
      api[Symbol.dispose]();
    },
  };
}

/**
 * Asks the API server something.
 *
 * @param explain what a refusal means here; undefined: it is told as it is
 * @throws CliError
 */
export async function ask<T>(
  request: Promise<T>,
  explain: (error: ApiError) => Problem | undefined,
): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new CliError([explain(error) ?? { message: error.message }]);
  }
}
