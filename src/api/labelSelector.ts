import type { LabelSelector, LabelSelectorMatchExpression } from './gen/traceProbe.ts';

/**
 * Does a selector select something with these labels? As the API server decides it (apimachinery's
 * LabelSelectorAsSelector): no selector and an empty one select everything, all requirements must hold, and NotIn holds
 * where the label is missing.
 */
export function labelSelectorMatches(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => valueOf(labels, key) === value) &&
    matchExpressions.every((expression) => holds(expression, valueOf(labels, expression.key)))
  );
}

function holds({ operator, values = [] }: LabelSelectorMatchExpression, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** A label may be called like something that every object has. */
function valueOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
