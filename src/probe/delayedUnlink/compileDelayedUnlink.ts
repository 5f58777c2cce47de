import { durationToMilliseconds, quantityToInteger, type TraceProbe } from '../../api/index.ts';
import type { TraceProbeDelayedUnlink } from '../../api/index.ts';
import type { DelayedUnlinkPlan, PointPlan } from '../plan.ts';
import type { KernelView } from '../resolve/kernelView.ts';
import { BadPathError } from '../resolve/planError.ts';
import { delayedUnlinkPoint } from './delayedUnlinkPoint.ts';
import { parsePathPattern, type PathPattern } from './pathPattern.ts';
import { unlinkMode } from './unlinkMode.ts';

/**
 * What a delayedUnlink does on this kernel.
 * @throws {PlanError}
 */
export function compileDelayedUnlink(
  spec: TraceProbeDelayedUnlink,
  scope: TraceProbe['spec']['scope'],
  kernel: KernelView,
): { delayedUnlink: DelayedUnlinkPlan; point: PointPlan } {
  const selecting = Object.entries(scope ?? {}).find(
    ([key, value]) => key !== 'nodeSelector' && value !== undefined,
  )?.[0];
  if (selecting !== undefined) {
    throw new BadPathError(
      { path: ['spec', 'scope', selecting] },
      `${selecting} selects who does something, and delayedUnlink keeps files whoever deletes them: leave it out, and ` +
        'name the files in paths (nodeSelector may stay)',
    );
  }
  const { mode, note } = unlinkMode(spec.mode, kernel);
  return {
    delayedUnlink: {
      patterns: spec.paths.map((path, index) => patternAt(path, index)),
      positions: spec.until.positions,
      maxDelayMilliseconds: durationToMilliseconds(spec.until.maxDelay),
      maxHeldBytes: quantityToInteger(spec.limits.maxHeldBytes),
      maxHeldFiles: spec.limits.maxHeldFiles,
      minFreeDiskPercent: spec.limits.minFreeDiskPercent,
      mode,
    },
    point: delayedUnlinkPoint(note),
  };
}

function patternAt(path: string, index: number): PathPattern {
  const place = { path: ['spec', 'delayedUnlink', 'paths', index] };
  let pattern: PathPattern;
  try {
    pattern = parsePathPattern(path);
  } catch (error) {
    throw new BadPathError(place, (error as Error).message);
  }
  if (/^\/var\/log\/containers(\/|$)/.test(pattern.root)) {
    throw new BadPathError(
      place,
      `${path}: what lies in /var/log/containers are symbolic links, which hold nothing: name the files that they lead to, ` +
        '/var/log/pods/**/*.log',
    );
  }
  return pattern;
}
