import { traceProbeResource } from './gen/schema.ts';
import { wrongType } from './refusal.ts';
import { isObject } from './schemaNodes.ts';
import type { YamlDocument } from './yamlDocuments.ts';

/**
 * The objects of a document: of a list, as `kubectl get -o yaml` prints several and the API server answers, its items;
 * of anything else the document itself. Positions are those of the document.
 */
export function listItems(document: YamlDocument): YamlDocument[] {
  const { value, locate } = document;
  if (!isObject(value) || !isList(value)) return [document];
  const items = value['items'] ?? [];
  if (!Array.isArray(items)) {
    const refusal = wrongType(['items'], 'array', typeof items);
    return [{ value: undefined, refusals: [{ ...refusal, position: locate(refusal.path) }], locate }];
  }
  return items.map((item: unknown, index) => ({
    value: item,
    refusals: [],
    locate: (path, part) => locate(['items', index, ...path], part),
  }));
}

function isList({ kind, apiVersion }: Record<string, unknown>): boolean {
  return (
    (kind === 'List' && apiVersion === 'v1') ||
    (kind === `${traceProbeResource.kind}List` && apiVersion === traceProbeResource.apiVersion)
  );
}
