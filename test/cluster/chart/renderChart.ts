import { parseAllDocuments } from 'yaml';
import { chartDirectory, runHelm } from './runHelm.ts';

export interface RenderOptions {
  namespace?: string;
  /** On top of the chart's own. */
  values?: object;
  /** Only these templates, such as templates/rbac.yaml. */
  templates?: readonly string[];
  /** Further arguments of `helm template`. */
  args?: readonly string[];
}

/** A rendered object. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

/** The objects that `helm template` makes of the chart. Throws what helm says when it refuses. */
export async function renderChart({
  namespace = 'traceprobe',
  values = {},
  templates = [],
  args = [],
}: RenderOptions = {}): Promise<Manifest[]> {
  const { stdout, stderr, code } = await runHelm(
    [
      ...['template', 'traceprobe', chartDirectory, `--namespace=${namespace}`, '--values=-'],
      ...templates.map((template) => `--show-only=${template}`),
      ...args,
    ],
    { input: JSON.stringify(values) },
  );
  if (code !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}
