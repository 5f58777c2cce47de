import { parseCel, sourceOf } from './celSyntax.ts';
import type { CelNode } from './celSyntax.ts';
import { checkFilter } from './checkFilter.ts';
import type { FilterSource } from './filterError.ts';
import type { FilterScope } from './scope.ts';
import type { Term } from './term.ts';

/** One of the conditions that must all be true. */
export interface Conjunct {
  term: Term;
  /** As it is written, and where. */
  text: string;
  source: FilterSource;
  range: { start: number; end: number };
}

/**
 * Parses and checks filters that must all be true, and takes them apart at their outermost &&. What is always true
 * is left out.
 * @throws {FilterError}
 */
export function filterConjuncts(sources: readonly FilterSource[], scope: FilterScope): Conjunct[] {
  return sources.flatMap((source) => {
    const nodes = apart(parseCel(source));
    const wantedBy = nodes.length > 1 ? '&&' : 'a filter';
    const conjuncts = nodes.map((node) => ({
      term: checkFilter(node, wantedBy, source, scope),
      text: sourceOf(node, source),
      source,
      range: node,
    }));
    return conjuncts.filter(({ term }) => !(term.kind === 'constant' && term.value === true));
  });
}

function apart(node: CelNode): CelNode[] {
  return node.op === 'and' ? [...apart(node.left), ...apart(node.right)] : [node];
}
