import type { KubernetesObject } from '../api/kubernetesObject.ts';

/** A pod as the API server tells of it, as far as it is read. */
export interface PodObject extends KubernetesObject {
  metadata: KubernetesObject['metadata'] & { namespace?: string };
  spec?: {
    nodeName?: string;
    containers?: { name: string }[];
    initContainers?: { name: string }[];
    ephemeralContainers?: { name: string }[];
  };
  status?: {
    phase?: string;
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
    ephemeralContainerStatuses?: ContainerStatus[];
  };
}

interface ContainerStatus {
  name: string;
  containerID?: string;
}

/** A pod on a node: what agents need of it to tell whose an event is (NodePod). */
export interface TrimmedPod {
  uid: string;
  namespace: string;
  name: string;
  nodeName: string;
  labels: Record<string, string>;
  /** Init and ephemeral ones too. The id is without the runtime's prefix; empty until the kubelet has told of it. */
  containers: { name: string; id: string }[];
  /** Of a static pod, whose cgroup has it instead of the UID; else empty. */
  configHash: string;
  /** Pending, Running, Succeeded, Failed or Unknown. */
  phase: string;
}

/** undefined: it is on no node yet. */
export function trimPod({ metadata, spec = {}, status = {} }: PodObject): TrimmedPod | undefined {
  const { nodeName = '' } = spec;
  if (nodeName === '' || metadata.uid === undefined) return undefined;
  const ids = new Map<string, string>();
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status;
  for (const { name, containerID = '' } of [
    ...initContainerStatuses,
    ...containerStatuses,
    ...ephemeralContainerStatuses,
  ]) {
    ids.set(name, containerID.replace(/^[\w.-]+:\/\//, ''));
  }
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  const { annotations = {} } = metadata;
  return {
    uid: metadata.uid,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    nodeName,
    labels: metadata.labels ?? {},
    containers: [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => ({
      name,
      id: ids.get(name) ?? '',
    })),
    // The mirror of a static pod carries both; the kubelet names its cgroup after the configuration's hash.
    configHash: annotations['kubernetes.io/config.mirror'] ?? annotations['kubernetes.io/config.hash'] ?? '',
    phase: status.phase ?? '',
  };
}
