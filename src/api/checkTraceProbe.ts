import { withDefaults } from './defaults.ts';
import { formatPath } from './fieldPath.ts';
import { traceProbeResource, traceProbeSchema } from './gen/schema.ts';
import type { TraceProbe } from './gen/traceProbe.ts';
import { metadataRefusals } from './metadataRefusals.ts';
import { invalid, type Refusal } from './refusal.ts';
import { ruleRefusals } from './ruleRefusals.ts';
import { isObject } from './schemaNodes.ts';
import { schemaRefusals } from './schemaRefusals.ts';
import { unknownFields } from './unknownFields.ts';

/** Either a TraceProbe with its defaults, or why there is none. */
export type CheckedTraceProbe =
  | { probe: TraceProbe; refusals?: undefined }
  | {
      probe?: undefined;
      refusals: [Refusal, ...Refusal[]];
      /** There may be more to refuse: the object's shape is too wrong for the remaining rules. */
      incomplete: boolean;
    };

/**
 * Checks a plain object (from a file or from the API) as the API server would: kind, unknown fields, defaults, metadata,
 * schema, then CEL rules. A status is dropped, as on creation. With `previous`, rules about changes are checked too.
 */
export function checkTraceProbe(document: unknown, previous?: TraceProbe): CheckedTraceProbe {
  if (!isObject(document)) {
    const message = 'a TraceProbe is an object with apiVersion, kind, metadata and spec';
    return refused([{ path: [], message, blocking: true }]);
  }
  // Each of these stops the next, as it does in the API server.
  const wrongKind = kindRefusals(document);
  if (wrongKind.length > 0) return refused(wrongKind);
  const unknown = unknownFields(traceProbeSchema, document);
  if (unknown.length > 0) return refused(unknown);

  const given = Object.entries(document).filter(([key]) => key !== 'status');
  const object = withDefaults(traceProbeSchema, Object.fromEntries(given)) as Record<string, unknown>;
  const refusals = [...metadataRefusals(object), ...schemaRefusals(traceProbeSchema, object)];
  const incomplete = refusals.some(({ blocking }) => blocking);
  if (!incomplete) refusals.push(...ruleRefusals(traceProbeSchema, object, previous));
  return refusals.length > 0 ? refused(refusals, incomplete) : { probe: object as unknown as TraceProbe };
}

function kindRefusals(document: Record<string, unknown>): Refusal[] {
  return (['kind', 'apiVersion'] as const).flatMap((key) => {
    const expected = traceProbeResource[key];
    const value = document[key] ?? '';
    return value === expected ? [] : [{ ...invalid([key], value, `must be ${expected}`), blocking: true }];
  });
}

/** One reason a value is enough: a duration that does not match its pattern need not be compared with its minimum. */
function refused(refusals: Refusal[], incomplete = true): CheckedTraceProbe {
  const byPath = new Map<string, Refusal>();
  for (const refusal of refusals) {
    const path = formatPath(refusal.path);
    if (!byPath.has(path)) byPath.set(path, refusal);
  }
  return { refusals: [...byPath.values()] as [Refusal, ...Refusal[]], incomplete };
}
