import type { KubernetesObject } from '../../api/index.ts';
import type { ApiClient } from '../../kubernetes/apiClient.ts';
import { resourcePath } from '../../kubernetes/resourcePath.ts';
import { json, type BundlePart } from './bundlePart.ts';

export interface InstalledPod extends KubernetesObject {
  spec: {
    nodeName?: string;
    containers: { name: string; image?: string; args?: string[]; resources?: object }[];
  };
  status?: {
    phase?: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: { ready: boolean; restartCount: number; state?: object; lastState?: object }[];
  };
}

/** Of each log. */
const tailLines = 5000;

/** @throws ApiError */
export async function installedPods(api: ApiClient, namespace: string): Promise<InstalledPod[]> {
  const labelSelector = 'app.kubernetes.io/name=traceprobe';
  const path = resourcePath({ version: 'v1', resource: 'pods', namespace });
  return (await api.list<InstalledPod>(path, { query: { labelSelector } })).items;
}

export function componentOf({ metadata }: InstalledPod): string {
  return metadata.labels?.['app.kubernetes.io/component'] ?? '';
}

/** All pods but agents, and so many of those: first who is not well. */
export function podsToLog(pods: readonly InstalledPod[], agents: number): InstalledPod[] {
  const isAgent = (pod: InstalledPod): boolean => componentOf(pod) === 'agent';
  const chosen = pods.filter(isAgent).sort((a, b) => trouble(b) - trouble(a));
  return [...pods.filter((pod) => !isAgent(pod)), ...chosen.slice(0, agents)];
}

/** How pods fare, and the logs of some. */
export function podParts(
  api: ApiClient,
  namespace: string,
  pods: readonly InstalledPod[],
  logged: readonly InstalledPod[],
): BundlePart[] {
  const log = (name: string, previous: boolean): Promise<string> =>
    api.getText(resourcePath({ version: 'v1', resource: 'pods', namespace, name, subresource: 'log' }), {
      query: { tailLines, ...(previous && { previous }) },
      timeoutMs: 120_000,
    });
  const logs = logged.flatMap((pod): BundlePart[] => {
    const { name } = pod.metadata;
    const read = async (previous: boolean): Promise<string> => withoutAudit(await log(name, previous));
    return [
      { path: `logs/${name}.log`, read: () => read(false) },
      ...(restarts(pod) > 0 ? [{ path: `logs/${name}.previous.log`, read: () => read(true) }] : []),
    ];
  });
  return [{ path: 'pods.json', read: () => Promise.resolve(json(pods.map(shown))) }, ...logs];
}

/** Without its environment and its volumes. */
function shown({ metadata: { name, labels }, spec, status }: InstalledPod): object {
  const containers = spec.containers.map(({ name: container, image, args, resources }) => ({
    ...{ name: container, image, args, resources },
  }));
  return { name, labels, node: spec.nodeName, containers, status };
}

function restarts({ status }: InstalledPod): number {
  return (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

function trouble(pod: InstalledPod): number {
  const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  return restarts(pod) + (ready === true ? 0 : 1_000_000);
}

/** Who read which events by which filter is nobody's business who mends this. */
function withoutAudit(log: string): string {
  return log
    .split('\n')
    .filter((line) => !/"message":"read"[,}]/.test(line))
    .join('\n');
}
