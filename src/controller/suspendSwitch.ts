import type { KubernetesObject } from '../api/index.ts';

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
