import {
  durationToMilliseconds,
  requiredFeatures,
  type PlanFeature,
  type TraceProbe,
  type TraceProbeSpec,
} from '../api/index.ts';
import { acceptProbe, type Acceptance } from './acceptProbe.ts';

/** A TraceProbe of the API server and what follows from it alone. */
export interface ProbeRecord {
  uid: string;
  name: string;
  generation: number;
  /** As it was read, its status as well; immutable. */
  object: TraceProbe;
  acceptance: Acceptance;
  /** When expireAfter stops it, in ms since 1970 by the API server's clock. */
  expiresAt: number | undefined;
  /** The spec with its defaults, as JSON; empty when it is not accepted. */
  spec: Uint8Array;
  requiredFeatures: readonly PlanFeature[];
}

/** @param before of the same probe: what depends on the spec alone is taken from it while the generation is the same */
export function probeRecord(object: TraceProbe, before?: ProbeRecord): ProbeRecord {
  const { uid = '', name, generation = 1 } = object.metadata;
  if (before?.uid === uid && before.generation === generation) return { ...before, object };
  const acceptance = acceptProbe(object);
  const spec = acceptance.accepted ? acceptance.probe.spec : undefined;
  return {
    uid,
    name,
    generation,
    object,
    acceptance,
    expiresAt: expiryOf(object),
    spec: spec === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(spec)),
    requiredFeatures: spec === undefined ? [] : requiredFeatures(spec),
  };
}

/** Whatever else is wrong with a probe, it expires. */
function expiryOf({ metadata, spec }: TraceProbe): number | undefined {
  const { expireAfter } = spec as Partial<TraceProbeSpec>;
  const created = Date.parse(metadata.creationTimestamp ?? '');
  if (expireAfter === undefined || Number.isNaN(created)) return undefined;
  try {
    return created + durationToMilliseconds(expireAfter);
  } catch {
    return undefined;
  }
}
