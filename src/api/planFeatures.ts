import type { TraceProbeSpec } from './gen/traceProbe.ts';

/**
 * What a spec can ask for that an agent which does not know it would misunderstand: it would capture more than was
 * asked for, or something else. An agent says in its hello which it knows, a desired probe which it needs. A part of
 * a spec that comes later gets a name of its own here, even where older agents merely ignore it.
 */
export const planFeatures = [
  'points',
  'filter',
  'scope',
  'aggregate',
  'uprobe',
  'usdt',
  'processes',
  'object',
  'delayedUnlink',
] as const;

export type PlanFeature = (typeof planFeatures)[number];

/** The features that a spec needs, in the order of the list. */
export function requiredFeatures(spec: TraceProbeSpec): PlanFeature[] {
  const points = spec.points ?? [];
  const attached = (pattern: RegExp): boolean => points.some(({ attach }) => pattern.test(attach));
  const needs: Record<PlanFeature, boolean> = {
    points: points.length > 0,
    filter: points.some(({ filter }) => filter !== undefined),
    scope: selectsWorkloads(spec.scope ?? {}),
    aggregate: points.some(({ aggregate }) => aggregate !== undefined),
    uprobe: attached(/^u(ret)?probe\//),
    usdt: attached(/^usdt\//),
    processes: spec.builtin?.name === 'processes',
    object: spec.object !== undefined,
    delayedUnlink: spec.delayedUnlink !== undefined,
  };
  return planFeatures.filter((feature) => needs[feature]);
}

/** Which nodes, the controller decides alone. */
function selectsWorkloads(scope: NonNullable<TraceProbeSpec['scope']>): boolean {
  return Object.entries(scope).some(([key, value]) => key !== 'nodeSelector' && value !== undefined);
}
