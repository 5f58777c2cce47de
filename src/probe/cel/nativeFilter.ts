import type { FilterNode } from '../plan.ts';
import type { FilterOperand } from './scope.ts';
import { partsOf } from './term.ts';
import type { Term } from './term.ts';

/** Values that native/common/filter.cc keeps at a time (Filter::kMaxDepth). */
export const MAX_STACK = 32;

/**
 * Conditions, all of which must hold, in postfix order; empty for none.
 * @param columnOf index in PointPlan.columns
 */
export function nativeFilter(
  terms: readonly Term[],
  columnOf: (operand: FilterOperand) => number,
): FilterNode[] {
  const nodes: FilterNode[] = [];
  for (const [index, term] of terms.entries()) {
    append(term, nodes, columnOf);
    if (index > 0) nodes.push({ op: 'and' });
  }
  return nodes;
}

/** Values that must be kept at a time to evaluate a term. */
export function stackDepth(term: Term): number {
  return partsOf(term).reduce((depth, part, index) => Math.max(depth, index + stackDepth(part)), 1);
}

function append(term: Term, nodes: FilterNode[], columnOf: (operand: FilterOperand) => number): void {
  for (const part of partsOf(term)) append(part, nodes, columnOf);
  nodes.push(nodeOf(term, columnOf));
}

function nodeOf(term: Term, columnOf: (operand: FilterOperand) => number): FilterNode {
  switch (term.kind) {
    case 'constant': {
      const { value } = term;
      if (typeof value === 'bigint') return { op: 'integer', value };
      if (typeof value === 'number') return { op: 'double', value };
      if (typeof value === 'boolean') return { op: 'bool', value };
      return { op: 'string', value };
    }
    case 'operand': {
      const { builtin } = term.operand;
      return builtin ? { op: 'builtin', name: builtin } : { op: 'column', index: columnOf(term.operand) };
    }
    case 'arithmetic':
    case 'compare':
    case 'text':
      return { op: term.op };
    case 'in':
      return { op: 'in', values: term.values };
    case 'matches':
      return { op: 'matches', pattern: term.pattern };
    default:
      return { op: term.kind };
  }
}
