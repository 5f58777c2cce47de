import { traceProbeResource, type KubernetesObject } from '../../api/index.ts';
import type { ApiClient } from '../../kubernetes/apiClient.ts';
import { resourcePath } from '../../kubernetes/resourcePath.ts';
import { json, type BundlePart } from './bundlePart.ts';

interface Event extends KubernetesObject {
  regarding?: { apiVersion?: string; kind?: string; name?: string };
}

interface Node extends KubernetesObject {
  status?: { nodeInfo?: object; conditions?: object[] };
}

/** More than these are not asked for. */
const limit = 1000;

/** What the API server has of TraceProbe: no Secret, and of other objects what a probe's fate depends on. */
export function objectParts(api: ApiClient, namespace: string): BundlePart[] {
  const { group, version, plural: resource } = traceProbeResource;
  const events = resourcePath({ group: 'events.k8s.io', version: 'v1', resource: 'events', namespace });
  const elsewhere = events.replace(`/${namespace}/`, '/default/');
  const list = async (path: string, shown: (item: Node) => unknown): Promise<string> =>
    json((await api.list<Node>(path, { query: { limit } })).items.map(shown));
  return [
    { path: 'kubernetes-version.json', read: async () => json(await api.get('/version')) },
    {
      path: 'traceprobes.json',
      read: () => list(resourcePath({ group, version, resource }), withoutManagers),
    },
    { path: 'events/installation.json', read: () => list(events, withoutManagers) },
    {
      path: 'events/traceprobes.json',
      read: async () => {
        const { items } = await api.list<Event>(elsewhere, { query: { limit } });
        return json(items.filter(isOfProbes).map(withoutManagers));
      },
    },
    {
      path: 'nodes.json',
      read: () =>
        list(resourcePath({ version: 'v1', resource: 'nodes' }), ({ metadata, status = {} }) => ({
          ...{ name: metadata.name, uid: metadata.uid, labels: metadata.labels },
          ...{ nodeInfo: status.nodeInfo, conditions: status.conditions },
        })),
    },
  ];
}

function isOfProbes({ regarding = {} }: Event): boolean {
  return `${regarding.apiVersion} ${regarding.name}`.includes(traceProbeResource.group);
}

/** Who wrote which field, and what kubectl applied, is long and says nothing more. */
function withoutManagers(object: KubernetesObject): object {
  const metadata: Record<string, unknown> = { ...object.metadata };
  delete metadata['managedFields'];
  const annotations = { ...(metadata['annotations'] as Record<string, string> | undefined) };
  delete annotations['kubectl.kubernetes.io/last-applied-configuration'];
  return { ...object, metadata: { ...metadata, annotations } };
}
