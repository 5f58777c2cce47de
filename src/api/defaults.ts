import { isObject, propertySchema } from './schemaNodes.ts';
import type { StructuralSchema } from './structuralSchema.ts';

/**
 * A copy of `value` with the schema's defaults, by the API server's rules (apiextensions-apiserver
 * pkg/apiserver/schema/defaulting): a default also replaces null, and a null without default counts as left out.
 */
export function withDefaults(schema: StructuralSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item: unknown) => withDefaults(items, item ?? items.default ?? null)) : value;
  }
  if (!isObject(value)) return value;
  const given = Object.entries(value).flatMap(([key, child]) => {
    const childSchema = propertySchema(schema, key);
    const present = child ?? childSchema?.default ?? null;
    if (present === null) return [];
    return [[key, childSchema ? withDefaults(childSchema, present) : present] as const];
  });
  const keys = new Set(given.map(([key]) => key));
  const added = Object.entries(schema.properties ?? {})
    .filter(([key, child]) => child.default !== undefined && !keys.has(key))
    .map(([key, child]) => [key, withDefaults(child, child.default)] as const);
  // fromEntries, not assignment: a label may be called __proto__.
  return Object.fromEntries([...given, ...added]);
}
