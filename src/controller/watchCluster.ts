import type { KubeConfig } from '@kubernetes/client-node';
import { traceProbeResource, type KubernetesObject, type TraceProbe } from '../api/index.ts';
import type { ApiClient } from '../kubernetes/apiClient.ts';
import type { Change } from '../kubernetes/objectCache.ts';
import { PodReflector } from '../kubernetes/podReflector.ts';
import { Reflector, type ReflectorOptions } from '../kubernetes/reflector.ts';
import { resourcePath } from '../kubernetes/resourcePath.ts';
import type { TrimmedPod } from '../kubernetes/trimPod.ts';
import { mayHaveAgent, type AgentNodeSelector, type NodeRecord } from './nodeRecord.ts';
import { isSuspended, switchName, type SwitchObject } from './suspendSwitch.ts';

/** Who is told of changes. */
export interface ClusterListener {
  onProbe: (change: Change<TraceProbe>) => void;
  onNode: (change: Change<NodeRecord>) => void;
  onNamespace: (change: Change<NamespaceRecord>) => void;
  onPod: (change: Change<TrimmedPod>) => void;
  /** Whether all probes are suspended. */
  onSwitch: (suspended: boolean) => void;
  onError: (resource: string, error: unknown) => void;
  onRestart: (resource: string) => void;
}

export interface NamespaceRecord {
  name: string;
  labels: Readonly<Record<string, string>>;
}

interface NodeObject extends KubernetesObject {
  status?: { nodeInfo?: { kernelVersion?: string } };
}

export interface ClusterWatch {
  /** Whether a pod is on a node, and has not run to its end. */
  hasPod(uid: string, nodeName: string): boolean;
  /** Everything has been listed. */
  synced: Promise<unknown>;
  stop(): Promise<void>;
}

export interface WatchedCluster {
  api: ApiClient;
  kubeConfig: KubeConfig;
  /** Of the switch. */
  namespace: string;
  agentNodes: AgentNodeSelector;
}

/** Reflectors of everything that a plan is made of. */
export function watchCluster(
  { api, kubeConfig, namespace, agentNodes }: WatchedCluster,
  listener: ClusterListener,
): ClusterWatch {
  const reflect = <S extends KubernetesObject, T>(
    resource: string,
    options: Pick<ReflectorOptions<S, T>, 'path' | 'transform' | 'onChange' | 'query' | 'isSame'>,
  ): Reflector<S, T> =>
    new Reflector<S, T>({
      api,
      onError: (error) => {
        listener.onError(resource, error);
      },
      onRestart: () => {
        listener.onRestart(resource);
      },
      ...options,
    });
  const { group, version, plural } = traceProbeResource;
  const reflectors = [
    reflect<TraceProbe, TraceProbe>('traceprobes', {
      path: resourcePath({ group, version, resource: plural }),
      transform: (probe) => probe,
      onChange: listener.onProbe,
    }),
    reflect<NodeObject, NodeRecord>('nodes', {
      path: resourcePath({ version: 'v1', resource: 'nodes' }),
      transform: ({ metadata: { name, uid = '', labels = {} }, status }) =>
        mayHaveAgent(labels, agentNodes)
          ? { name, uid, labels, kernelRelease: status?.nodeInfo?.kernelVersion ?? '' }
          : undefined,
      // A heartbeat every ten seconds says nothing new.
      isSame: sameJson,
      onChange: listener.onNode,
    }),
    reflect<KubernetesObject, NamespaceRecord>('namespaces', {
      path: resourcePath({ version: 'v1', resource: 'namespaces' }),
      transform: ({ metadata }) => ({ name: metadata.name, labels: metadata.labels ?? {} }),
      isSame: sameJson,
      onChange: listener.onNamespace,
    }),
    reflect<SwitchObject, boolean>('configmaps', {
      path: resourcePath({ version: 'v1', resource: 'configmaps', namespace }),
      query: { fieldSelector: `metadata.name=${switchName}` },
      transform: isSuspended,
      isSame: (a, b) => a === b,
      onChange: ({ type, object }) => {
        listener.onSwitch(type !== 'deleted' && object);
      },
    }),
  ];
  const pods = new PodReflector({
    kubeConfig,
    onChanges: (changes) => {
      for (const change of changes) listener.onPod(change);
    },
    onError: (error) => {
      listener.onError('pods', error);
    },
    onRestart: () => {
      listener.onRestart('pods');
    },
  });
  const all = [...reflectors, pods];
  return {
    hasPod: (uid, nodeName) => pods.has(uid, nodeName),
    synced: Promise.all(all.map(({ synced }) => synced)),
    async stop() {
      await Promise.all(all.map((reflector) => reflector.stop()));
    },
  };
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
