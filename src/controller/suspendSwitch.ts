import type { KubernetesObject } from '../api/index.ts';
import type { ApiClient } from '../kubernetes/apiClient.ts';
import { resourcePath } from '../kubernetes/resourcePath.ts';

/**
 * The switch that stops every probe of the cluster, also those created later: the ConfigMap of this name in the
 * controller's namespace, with suspended: "true".
 */
export const switchName = 'traceprobe-switch';

export interface SwitchObject extends KubernetesObject {
  data?: Record<string, string>;
}

export function isSuspended({ data }: SwitchObject): boolean {
  return data?.['suspended'] === 'true';
}

/**
 * Turns the switch.
 * @param namespace that TraceProbe is installed in
 * @throws ApiError NotFound when there is no such namespace
 */
export async function setClusterSuspended(
  api: Pick<ApiClient, 'patch'>,
  namespace: string,
  suspended: boolean,
): Promise<void> {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: switchName, namespace },
    data: { suspended: String(suspended) },
  };
  const path = resourcePath({ version: 'v1', resource: 'configmaps', namespace, name: switchName });
  await api.patch(path, object, { type: 'apply', fieldManager: 'traceprobe-cli', force: true });
}
