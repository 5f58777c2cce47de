import { labelSelectorMatches, type TraceProbeScope } from '../../api/index.ts';

/** A pod as a scope looks at it. */
export interface ScopedPod {
  namespace: string;
  labels: Readonly<Record<string, string>>;
  namespaceLabels: Readonly<Record<string, string>>;
}

/** Does a scope leave anything out on a node that it selects? */
export function isScoped(scope: TraceProbeScope | undefined): boolean {
  return selectsPods(scope) || scope?.host === 'Exclude' || scope?.host === 'Only';
}

/** Are processes outside of pods recorded? */
export function selectsHost(scope: TraceProbeScope | undefined): boolean {
  return scope?.host === undefined ? !selectsPods(scope) : scope.host !== 'Exclude';
}

/**
 * Is a container of a pod recorded?
 * @param container its name; undefined: a process of the pod outside of its containers, or of one not yet known
 */
export function selectsContainer(
  scope: TraceProbeScope | undefined,
  pod: ScopedPod,
  container: string | undefined,
): boolean {
  if (scope === undefined) return true;
  const { host, namespaces, namespaceSelector, podSelector, containers } = scope;
  return (
    host !== 'Only' &&
    (namespaces === undefined || namespaces.includes(pod.namespace)) &&
    labelSelectorMatches(namespaceSelector, pod.namespaceLabels) &&
    labelSelectorMatches(podSelector, pod.labels) &&
    (containers === undefined || (container !== undefined && containers.includes(container)))
  );
}

function selectsPods(scope: TraceProbeScope | undefined): boolean {
  const { namespaces, namespaceSelector, podSelector, containers } = scope ?? {};
  return [namespaces, namespaceSelector, podSelector, containers].some((part) => part !== undefined);
}
