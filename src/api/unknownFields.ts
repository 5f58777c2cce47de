import { nearestNames } from './nearestNames.ts';
import { unknownField, type Refusal } from './refusal.ts';
import { isObject, propertySchema, schemaNodes } from './schemaNodes.ts';
import type { StructuralSchema } from './structuralSchema.ts';

/** Fields of meta/v1 ObjectMeta: the API server knows them without the CRD. */
const metadataFields = [
  ...[
    'name',
    'generateName',
    'namespace',
    'selfLink',
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
  ],
  ...[
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'labels',
    'annotations',
    'ownerReferences',
    'finalizers',
  ],
  'managedFields',
];

/** Refuses what the API server would prune without a word and kubectl refuses (--validate=strict, its default). */
export function unknownFields(schema: StructuralSchema, document: unknown): Refusal[] {
  const refusals: Refusal[] = [];
  for (const node of schemaNodes(schema, document)) {
    if (!isObject(node.value)) continue;
    const isMetadata = node.path.length === 1 && node.path[0] === 'metadata';
    const known = isMetadata ? metadataFields : Object.keys(node.schema.properties ?? {});
    for (const key of Object.keys(node.value)) {
      if (known.includes(key) || propertySchema(node.schema, key)) continue;
      refusals.push(unknownField([...node.path, key], nearestNames(key, known, 1)[0]));
    }
  }
  return refusals;
}
