import { createSharedMaps } from '../../agent/sharedMaps.ts';
import { formatPosition, type Manifest } from '../../api/index.ts';
import { compileProbe } from '../../probe/compile.ts';
import { runningKernel } from '../../probe/resolve/runningKernel.ts';
import { reportProblems, type CliContext } from '../cliContext.ts';
import { exitCodes } from '../cliError.ts';
import { escapeText } from '../output/escapeText.ts';
import { problemsOf } from '../problemsOf.ts';
import { requireKernel, requireTracing, thisMachine } from '../requireTracing.ts';
import { readProbes } from '../run/readProbes.ts';
import { loadPoint } from './loadPoint.ts';
import { pointReport } from './pointReport.ts';

export interface CheckOptions {
  files: string[];
  /** false: nothing is loaded, which takes no capabilities. */
  load: boolean;
  /** Whole verifier logs. */
  verbose: boolean;
}

/** `traceprobe check`: every probe is tried, whatever is wrong with the others. Resolves to the exit code. */
export async function checkProbes(options: CheckOptions, context: CliContext): Promise<number> {
  const { load, verbose, files } = options;
  const machine = thisMachine();
  requireKernel(machine);
  const manifests = await readProbes({ files });
  if (load) requireTracing(machine);
  using kernel = runningKernel();
  // A small ring: nothing is ever in it.
  using maps = load ? createSharedMaps(4096) : undefined;
  const check = ({ probe, locate }: Manifest): boolean => {
    const { name } = probe.metadata;
    try {
      const plan = compileProbe(probe, kernel);
      const points = plan.points.map((point) => {
        return pointReport(point, maps && loadPoint(point, plan.rate, maps));
      });
      const position = formatPosition(locate([]));
      const lines = [`${name} (${position}): ok`, ...points.flat()];
      for (const line of lines) context.stdout.line(escapeText(line));
      return true;
    } catch (error) {
      reportProblems(context.stderr, problemsOf(error, { locate, probe: name, verbose }));
      return false;
    }
  };
  const results = manifests.map(check);
  return results.every(Boolean) ? exitCodes.ok : exitCodes.failure;
}
