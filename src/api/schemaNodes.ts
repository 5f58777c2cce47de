import type { FieldPath } from './fieldPath.ts';
import type { StructuralSchema } from './structuralSchema.ts';

/** A value of a document together with the part of the schema that describes it. */
export interface SchemaNode {
  schema: StructuralSchema;
  value: unknown;
  path: FieldPath;
}

/** Every value that the schema describes, parents before children. Fields unknown to the schema are left out. */
export function* schemaNodes(
  schema: StructuralSchema,
  value: unknown,
  path: FieldPath = [],
): Generator<SchemaNode, void, undefined> {
  yield { schema, value, path };
  if (Array.isArray(value) && schema.items) {
    for (const [index, item] of value.entries()) yield* schemaNodes(schema.items, item, [...path, index]);
  } else if (isObject(value)) {
    for (const [key, child] of Object.entries(value)) {
      const childSchema = propertySchema(schema, key);
      if (childSchema) yield* schemaNodes(childSchema, child, [...path, key]);
    }
  }
}

export function propertySchema(schema: StructuralSchema, key: string): StructuralSchema | undefined {
  return schema.properties && Object.hasOwn(schema.properties, key)
    ? schema.properties[key]
    : schema.additionalProperties;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
