import type { StructuralSchema } from '../api/structuralSchema.ts';
import { canonicalJson } from './canonicalJson.ts';

/** Of a schema that the API server has: descriptions say nothing that is checked. */
export type LiveSchema = { [keyword: string]: unknown } & {
  properties?: Record<string, LiveSchema>;
  items?: LiveSchema;
  additionalProperties?: LiveSchema | boolean;
};

/**
 * Where the schema that the API server applies is another than the one that this program was built with, in words, such
 * as "spec.limits.cpuPercentPerNode is missing".
 */
export function schemaDifferences(own: StructuralSchema, live: LiveSchema): string[] {
  return [...differences(own as LiveSchema, live, '')];
}

function* differences(own: LiveSchema, live: LiveSchema, path: string): Generator<string> {
  for (const keyword of new Set([...Object.keys(own), ...Object.keys(live)])) {
    if (keyword === 'description' || nested.has(keyword)) continue;
    if (canonicalJson(own[keyword]) !== canonicalJson(live[keyword]))
      yield `${path || 'the root'} has another ${keyword}`;
  }
  const [ownChildren, liveChildren] = [childrenOf(own, path), childrenOf(live, path)];
  for (const [child, schema] of ownChildren) {
    const other = liveChildren.get(child);
    if (other === undefined) yield `${child} is missing`;
    else yield* differences(schema, other, child);
  }
  for (const child of liveChildren.keys()) if (!ownChildren.has(child)) yield `${child} is not known here`;
}

const nested = new Set(['properties', 'items', 'additionalProperties']);

function childrenOf(
  { properties = {}, items, additionalProperties }: LiveSchema,
  path: string,
): Map<string, LiveSchema> {
  const named = Object.entries(properties).map(([name, schema]): [string, LiveSchema] => [
    path === '' ? name : `${path}.${name}`,
    schema,
  ]);
  return new Map([
    ...named,
    ...(items ? [[`${path}[]`, items] as const] : []),
    ...(typeof additionalProperties === 'object' ? [[`${path}.*`, additionalProperties] as const] : []),
  ]);
}
