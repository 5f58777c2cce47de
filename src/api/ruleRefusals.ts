import { Environment, EvaluationError } from '@marcbachmann/cel-js';
import type { FieldPath } from './fieldPath.ts';
import { compareQuantities, isQuantity } from './quantity.ts';
import { duplicate, forbidden, invalid, required, type Refusal } from './refusal.ts';
import { isObject, schemaNodes } from './schemaNodes.ts';
import type { StructuralSchema, ValidationRule } from './structuralSchema.ts';

/**
 * What the schema's CEL rules refuse. `document` must have no blocking refusal. Rules that compare with `oldSelf` are
 * evaluated where `previous` has a value at the same path; items of a list have no previous value.
 */
export function ruleRefusals(schema: StructuralSchema, document: unknown, previous?: unknown): Refusal[] {
  const environment = ruleEnvironment();
  return [...schemaNodes(schema, document)].flatMap((node) => {
    const rules = node.schema['x-kubernetes-validations'] ?? [];
    if (rules.length === 0 || node.value === null) return [];
    const variables = { self: celValue(node.value), oldSelf: celValue(valueAt(previous, node.path)) };
    return rules
      .filter((rule) => variables.oldSelf !== undefined || !/\boldSelf\b/.test(rule.rule))
      .flatMap((rule) => {
        const problem = problemOf(rule, environment, variables);
        return problem === undefined ? [] : [refuse(rule, node.schema, node.path, problem)];
      });
  });
}

/** The library of the API server's CEL, as far as the rules use it. */
function ruleEnvironment(): Environment {
  class Quantity {
    readonly text: string;
    constructor(text: string) {
      this.text = text;
    }
  }
  return new Environment({ homogeneousAggregateLiterals: false })
    .registerVariable('self', 'dyn')
    .registerVariable('oldSelf', 'dyn')
    .registerType('Quantity', Quantity)
    .registerFunction('isQuantity(string): bool', (text: string) => isQuantity(text))
    .registerFunction('quantity(string): Quantity', (text: string) => new Quantity(text))
    .registerFunction('Quantity.isGreaterThan(Quantity): bool', (a: Quantity, b: Quantity) => {
      return compareQuantities(a.text, b.text) > 0;
    });
}

/** A rule that cannot be evaluated is broken too, such as duration(self) > duration('1s') of "soon". */
function problemOf(
  rule: ValidationRule,
  environment: Environment,
  variables: Record<string, unknown>,
): string | undefined {
  try {
    const holds = environment.evaluate(rule.rule, variables) === true;
    return holds ? undefined : messageOf(rule, environment, variables);
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return `${error.summary} evaluating rule: ${rule.message ?? rule.rule}`;
  }
}

function messageOf(
  rule: ValidationRule,
  environment: Environment,
  variables: Record<string, unknown>,
): string {
  if (rule.messageExpression !== undefined) {
    const text: unknown = environment.evaluate(rule.messageExpression, variables);
    // The API server takes the plain message instead of one with line breaks.
    if (typeof text === 'string' && !text.includes('\n')) return text.trim();
  }
  return rule.message ?? `failed rule: ${rule.rule}`;
}

/** The API server shows the type of the node that has the rule where the value belongs. */
function refuse(rule: ValidationRule, schema: StructuralSchema, at: FieldPath, message: string): Refusal {
  const path = rule.fieldPath === undefined ? at : [...at, ...rule.fieldPath.split('.').slice(1)];
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return forbidden(path, message);
    case 'FieldValueRequired':
      return required(path, message);
    case 'FieldValueDuplicate':
      return duplicate(path, schema.type ?? '');
    default:
      return invalid(path, schema.type ?? '', message);
  }
}

/** Integers are BigInt in cel-js; a JavaScript number would be a double. */
function celValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(celValue);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, celValue(child)]));
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
}

function valueAt(document: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (value, step) => (isObject(value) && typeof step === 'string' ? value[step] : undefined),
    document,
  );
}
