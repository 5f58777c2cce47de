import { inlineProbe, ManifestError, type InlineProbe, type Manifest } from '../api/index.ts';
import type { KernelView } from '../probe/resolve/kernelView.ts';
import { runningKernel } from '../probe/resolve/runningKernel.ts';
import { CliError } from './cliError.ts';
import { problemsOf } from './problemsOf.ts';

/**
 * The TraceProbe of a command line. Where its target lacks a type, as in `openat`, the hooks of that name are offered.
 * @throws CliError
 */
export function inlineManifest(probe: InlineProbe): Manifest {
  try {
    return inlineProbe(probe);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    const problems = problemsOf(error);
    const first = error.refusals.findIndex(({ path }) => path.at(-1) === 'attach');
    const wrong = problems[first];
    if (wrong === undefined) throw error;
    using kernel = runningKernel();
    const hooks = hooksCalled(probe.attach, kernel);
    const hint = hooks.length === 0 ? [] : [`did you mean ${hooks.join(' or ')}?`];
    problems[first] = { message: wrong.message, hints: [...hint, ...(wrong.hints ?? [])] };
    throw new CliError(problems);
  }
}

/** What a bare name, or CATEGORY/NAME, can stand for on this kernel, as attach wants it; at most four. */
export function hooksCalled(
  attach: string,
  {
    tracefs,
    functions,
  }: { tracefs: Pick<KernelView['tracefs'], 'syscalls' | 'tracepoints'> } & {
    functions: Pick<KernelView['functions'], 'find'>;
  },
): string[] {
  const name = attach.split('/').at(-1) ?? '';
  if (name === '') return [];
  const tracepoints = tracefs.tracepoints().filter((full) => full === attach || full.endsWith(`/${name}`));
  return [
    ...(tracefs.syscalls().includes(name) ? [`syscall/${name}`] : []),
    ...tracepoints.map((full) => `tracepoint/${full}`),
    ...(functions.find(name) === undefined ? [] : [`kprobe/${name}`]),
  ].slice(0, 4);
}
