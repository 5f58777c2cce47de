import { traceProbeResource, traceProbeSchema } from '../api/gen/schema.ts';
import type { KubernetesObject } from '../api/index.ts';
import type { ApiClient } from '../kubernetes/apiClient.ts';
import type { Regarding } from '../kubernetes/eventRecorder.ts';
import { Reflector } from '../kubernetes/reflector.ts';
import { resourcePath } from '../kubernetes/resourcePath.ts';
import { schemaDifferences, type LiveSchema } from './schemaDifferences.ts';

/** How the API server's schema of TraceProbes differs from the one that this program was built with. */
export interface SchemaState {
  crd: Regarding;
  /** In words; '': it does not. */
  problem: string;
}

export interface SchemaListener {
  /** At first and when it changes. */
  onSchema: (state: SchemaState) => void;
  /** Got over by trying again. */
  onError: (error: unknown) => void;
}

interface Definition extends KubernetesObject {
  spec: { versions: { name: string; served: boolean; schema?: { openAPIV3Schema?: LiveSchema } }[] };
}

const { group, version, plural } = traceProbeResource;
const shownDifferences = 3;

/**
 * Compares the CustomResourceDefinition with the schema of this program, now and whenever it changes. Nothing waits for
 * it: a controller without the right to see it works all the same.
 */
export function watchSchema(
  api: ApiClient,
  { onSchema, onError }: SchemaListener,
): { stop(): Promise<void> } {
  return new Reflector<Definition, SchemaState>({
    ...{ api, onError, transform: stateOf },
    path: resourcePath({
      ...{ group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' },
    }),
    query: { fieldSelector: `metadata.name=${plural}.${group}` },
    isSame: (a, b) => a.problem === b.problem,
    onChange: ({ type, object }) => {
      if (type !== 'deleted') onSchema(object);
    },
  });
}

function stateOf({ metadata: { name, uid = '' }, spec }: Definition): SchemaState {
  const live = spec.versions.find((each) => each.name === version && each.served)?.schema?.openAPIV3Schema;
  const differences =
    live === undefined ? [`${version} is not served`] : schemaDifferences(traceProbeSchema, live);
  return {
    crd: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name, uid },
    problem: differences.length === 0 ? '' : problem(differences),
  };
}

function problem(differences: readonly string[]): string {
  const more = differences.length - shownDifferences;
  const rest = more > 0 ? ` and ${more} more` : '';
  return (
    `this CustomResourceDefinition is older or newer than the controller: ${differences.slice(0, shownDifferences).join(', ')}` +
    `${rest}. Bring both to one version: helm upgrade with crd.install=true, or kubectl apply --server-side -f of crds/traceprobes.yaml`
  );
}
