import type { FieldPath, TraceProbe, TraceProbePoint } from '../api/index.ts';
import { compilePoint } from './compilePoint.ts';
import type { CompileOptions } from './compilePoint.ts';
import { compileDelayedUnlink } from './delayedUnlink/compileDelayedUnlink.ts';
import type { PointPlan, ProbePlan } from './plan.ts';
import { processesPoint } from './processesPoint.ts';
import type { KernelView } from './resolve/kernelView.ts';
import { PlanError, ProbeRefusedError, UnsupportedError } from './resolve/planError.ts';

/**
 * What a checked TraceProbe becomes on this kernel: programs to load and attach, values to load, columns, filter.
 * Reads tracefs, type information and symbol tables; loads and attaches nothing.
 *
 * @throws {ProbeRefusedError} with everything this kernel cannot do, in the order of the document.
 */
export function compileProbe(probe: TraceProbe, kernel: KernelView, options: CompileOptions = {}): ProbePlan {
  const { spec, metadata } = probe;
  const faults: PlanError[] = [];
  const attempt = <Plan>(compile: () => Plan): Plan[] => {
    try {
      return [compile()];
    } catch (error) {
      if (error instanceof ProbeRefusedError) faults.push(...error.faults);
      else if (error instanceof PlanError) faults.push(error);
      else throw error;
      return [];
    }
  };
  if (spec.object !== undefined) faults.push(notYet(['spec', 'object'], 'object'));
  const points: PointPlan[] = (spec.points ?? []).flatMap((point, index) =>
    attempt(() => compileOne(point, ['spec', 'points', index], kernel, options)),
  );
  if (spec.builtin !== undefined) points.push(...attempt(() => processesPoint(kernel, options.filters)));
  const wanted = spec.delayedUnlink;
  const [unlink] =
    wanted === undefined ? [] : attempt(() => compileDelayedUnlink(wanted, spec.scope, kernel));
  if (unlink !== undefined) points.push(unlink.point);
  if (faults.length > 0) throw new ProbeRefusedError(faults);
  return {
    name: metadata.name,
    uid: metadata.uid ?? metadata.name,
    generation: BigInt(metadata.generation ?? 1),
    rate: spec.limits.eventsPerSecondPerNode,
    cpuPercent: spec.limits.cpuPercentPerNode,
    points,
    builtin: spec.builtin?.name,
    ...(unlink !== undefined && { delayedUnlink: unlink.delayedUnlink }),
  };
}

function compileOne(
  point: TraceProbePoint,
  path: FieldPath,
  kernel: KernelView,
  options: CompileOptions,
): PointPlan {
  if (point.aggregate !== undefined) throw notYet([...path, 'aggregate'], 'aggregate');
  return compilePoint(point, path, kernel, options);
}

function notYet(path: FieldPath, feature: string): UnsupportedError {
  return new UnsupportedError(
    { path },
    feature,
    `${feature} is not supported yet by this version of TraceProbe`,
  );
}
