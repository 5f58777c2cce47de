import type { CompileOptions } from './compilePoint.ts';
import type { PointPlan } from './plan.ts';
import type { KernelView } from './resolve/kernelView.ts';
import { UnsupportedError } from './resolve/planError.ts';

/** The built-in `processes`. */
export function processesPoint(_kernel: KernelView, _options: CompileOptions): PointPlan {
  throw new UnsupportedError(
    { path: ['spec', 'builtin', 'name'] },
    'processes',
    'builtin: processes is not supported yet',
  );
}
