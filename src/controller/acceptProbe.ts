import { checkTraceProbe, type TraceProbe } from '../api/index.ts';
import { kernelConstants } from '../probe/cel/constants.ts';
import { filterConjuncts } from '../probe/cel/filterConjuncts.ts';
import { FilterError } from '../probe/cel/filterError.ts';
import { UnresolvedName, type FilterOperand, type FilterScope } from '../probe/cel/scope.ts';

/** Whether a spec makes sense on any node, and if not why. */
export type Acceptance = { accepted: true; probe: TraceProbe } | { accepted: false; message: string };

/**
 * Checks a TraceProbe of the API server beyond what its schema can say, as far as that takes no node's kernel. The
 * schema is checked as well: the object may be older than it.
 */
export function acceptProbe(object: TraceProbe): Acceptance {
  const { name, labels, annotations } = object.metadata;
  const metadata = { name, ...(labels && { labels }), ...(annotations && { annotations }) };
  const { apiVersion, kind, spec } = object;
  const { probe, refusals } = checkTraceProbe({ apiVersion, kind, metadata, spec });
  if (refusals !== undefined) {
    return { accepted: false, message: refusals.map(({ message }) => message).join('\n') };
  }
  const problems = filterProblems(probe);
  if (problems.length > 0) return { accepted: false, message: problems.join('\n') };
  return { accepted: true, probe: { ...probe, metadata: object.metadata } };
}

function filterProblems({ spec }: TraceProbe): string[] {
  return (spec.points ?? []).flatMap(({ filter, capture = [] }, index) => {
    if (filter === undefined) return [];
    const types = new Map(capture.flatMap(({ name, type }) => (type === undefined ? [] : [[name, type]])));
    const problem = filterProblem({ text: filter, name: `spec.points[${index}].filter` }, types);
    return problem === undefined ? [] : [problem];
  });
}

/**
 * What is wrong with a filter on every kernel. Names that only a node can resolve end the check: what follows them is
 * the node's to say.
 */
function filterProblem(
  source: { text: string; name: string },
  types: ReadonlyMap<string, FilterOperand['type']>,
): string | undefined {
  const asked = { ofTheNode: false };
  const scope: FilterScope = {
    names: [...types.keys(), 'args', 'retval', 'duration'],
    architecture: 'x64',
    resolve(path) {
      const type = path.length === 1 ? types.get(path[0]) : undefined;
      if (type !== undefined) return operand(path[0], type);
      // Such as O_CREAT; the checker looks there next.
      asked.ofTheNode ||= !(path.length === 1 && kernelConstants('x64').has(path[0]));
      throw new UnresolvedName(`${path.join('.')} depends on the node`, 0);
    },
  };
  try {
    filterConjuncts([source], scope);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    if (!asked.ofTheNode) return error.message;
  }
  return undefined;
}

function operand(key: string, type: FilterOperand['type']): FilterOperand {
  return { key, type, kernel: false, maxBytes: 256, cut: true, available: 'exit' };
}
