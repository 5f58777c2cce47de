import type { Manifest } from '../../api/index.ts';
import type { FilterSource } from '../../probe/cel/filterError.ts';
import { compileProbe } from '../../probe/compile.ts';
import type { ProbePlan } from '../../probe/plan.ts';
import type { KernelView } from '../../probe/resolve/kernelView.ts';
import { CliError, type Problem } from '../cliError.ts';
import { problemsOf } from '../problemsOf.ts';

export interface PlannedProbe {
  manifest: Manifest;
  plan: ProbePlan;
}

/**
 * Plans of all probes on this kernel.
 * @param filter a further filter of the command line, for every probe
 * @throws CliError with what is wrong in any of them
 */
export function planProbes(
  manifests: readonly Manifest[],
  kernel: KernelView,
  filter: string | undefined,
): PlannedProbe[] {
  const filters: FilterSource[] = filter === undefined ? [] : [{ text: filter, name: '--filter' }];
  const problems: Problem[] = [];
  const planned = manifests.flatMap((manifest): PlannedProbe[] => {
    try {
      return [{ manifest, plan: compileProbe(manifest.probe, kernel, { filters }) }];
    } catch (error) {
      problems.push(...problemsOf(error, { locate: manifest.locate, probe: manifest.probe.metadata.name }));
      return [];
    }
  });
  if (problems.length > 0) throw new CliError(problems);
  return planned;
}
