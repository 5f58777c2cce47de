import { formatPath, type FieldPath } from './fieldPath.ts';
import {
  duplicate,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  wrongType,
  type Refusal,
} from './refusal.ts';
import { isObject, schemaNodes, type SchemaNode } from './schemaNodes.ts';
import type { StructuralSchema } from './structuralSchema.ts';

/**
 * What the schema itself refuses (all but its CEL rules), in the words of the API server: k8s.io/kube-openapi
 * pkg/validation and apiextensions-apiserver pkg/apiserver/{validation,schema/listtype}. Defaults are applied before.
 */
export function schemaRefusals(schema: StructuralSchema, document: unknown): Refusal[] {
  return [...schemaNodes(schema, document)].flatMap((node) => [
    ...typeRefusals(node),
    ...enumRefusals(node),
    ...valueRefusals(node),
  ]);
}

function typeRefusals({ schema, value, path }: SchemaNode): Refusal[] {
  const types = schema['x-kubernetes-int-or-string'] ? ['integer', 'string'] : [schema.type ?? 'object'];
  const actual = jsonType(value);
  return types.includes(actual) ? [] : [wrongType(path, types.join(','), actual)];
}

function enumRefusals({ schema, value, path }: SchemaNode): Refusal[] {
  const supported: readonly unknown[] | undefined = schema.enum;
  return !schema.enum || supported?.includes(value) ? [] : [notSupported(path, value, schema.enum)];
}

function valueRefusals({ schema, value, path }: SchemaNode): Refusal[] {
  if (typeof value === 'string') return stringRefusals(schema, value, path);
  if (typeof value === 'number') return numberRefusals(schema, value, path);
  if (Array.isArray(value))
    return [...listLengthRefusals(schema, value, path), ...repeatedItems(schema, value, path)];
  if (isObject(value)) return objectRefusals(schema, value, path);
  return [];
}

/** Only the first of these is reported, as the API server does. */
function stringRefusals(schema: StructuralSchema, value: string, path: FieldPath): Refusal[] {
  const { maxLength = Infinity, minLength = 0, pattern, format } = schema;
  const length = Array.from(value).length;
  if (length > maxLength) return [tooLong(path, maxLength)];
  if (length < minLength) return [inBody(path, value, `should be at least ${minLength} chars long`)];
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
    return [inBody(path, value, `should match '${pattern}'`)];
  }
  if (format === 'date-time' && !isRfc3339(value)) {
    return [inBody(path, value, `must be of type date-time: ${JSON.stringify(value)}`)];
  }
  return [];
}

function numberRefusals(schema: StructuralSchema, value: number, path: FieldPath): Refusal[] {
  const { maximum = Infinity, minimum = -Infinity } = schema;
  if (value > maximum) return [inBody(path, value, `should be less than or equal to ${maximum}`)];
  if (value < minimum) return [inBody(path, value, `should be greater than or equal to ${minimum}`)];
  return [];
}

function listLengthRefusals(schema: StructuralSchema, value: unknown[], path: FieldPath): Refusal[] {
  const { maxItems = Infinity, minItems = 0 } = schema;
  if (value.length > maxItems) return [tooMany(path, value.length, maxItems)];
  if (value.length < minItems) return [inBody(path, value.length, `should have at least ${minItems} items`)];
  return [];
}

/** The second appearance of an item of a set, or of a key of a list map. */
function repeatedItems(schema: StructuralSchema, value: unknown[], path: FieldPath): Refusal[] {
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && (listType !== 'map' || !value.every(isObject))) return [];
  const mapKeys = schema['x-kubernetes-list-map-keys'] ?? [];
  const identity = (item: unknown): unknown =>
    listType === 'map' && isObject(item)
      ? Object.fromEntries(mapKeys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]]))
      : item;
  const seen = new Map<string, number>();
  return value.flatMap((item, index) => {
    const own = identity(item);
    const text = JSON.stringify(own);
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    return times === 2 ? [duplicate([...path, index], own)] : [];
  });
}

function objectRefusals(
  schema: StructuralSchema,
  value: Record<string, unknown>,
  path: FieldPath,
): Refusal[] {
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(value, key));
  const count = Object.keys(value).length;
  const tooManyKeys = schema.maxProperties !== undefined && count > schema.maxProperties;
  return [
    ...missing.map((key) => required([...path, key])),
    ...(tooManyKeys ? [tooMany(path, count, schema.maxProperties ?? 0)] : []),
  ];
}

function inBody(path: FieldPath, value: unknown, what: string): Refusal {
  return invalid(path, value, `${formatPath(path)} in body ${what}`);
}

function jsonType(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function isRfc3339(value: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}
