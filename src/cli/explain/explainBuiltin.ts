import { checkTraceProbe, traceProbeResource } from '../../api/index.ts';
import { compileProbe } from '../../probe/compile.ts';
import type { KernelView } from '../../probe/resolve/kernelView.ts';
import { CliError } from '../cliError.ts';
import { builtins } from '../list/builtins.ts';
import { alignColumns } from '../output/alignColumns.ts';
import { problemsOf } from '../problemsOf.ts';

export type BuiltinName = keyof typeof builtins;

export function isBuiltin(name: string): name is BuiltinName {
  return Object.hasOwn(builtins, name);
}

/** What a built-in probe captures, as lines for a person. */
export function explainBuiltin(name: BuiltinName, kernel: KernelView): string[] {
  const { apiVersion, kind } = traceProbeResource;
  const { probe } = checkTraceProbe({ apiVersion, kind, metadata: { name }, spec: { builtin: { name } } });
  if (probe === undefined) throw new TypeError(`builtin ${name} makes no valid TraceProbe`);
  try {
    const [point] = compileProbe(probe, kernel).points;
    const rows = (point?.columns ?? []).filter(({ visible }) => visible);
    return [
      `${name}: ${builtins[name]}`,
      '',
      ...alignColumns([['VALUE', 'COLUMN'], ...rows.map((column) => [column.name, column.type])], {
        indent: 2,
      }),
      '',
      'Every event also has time, node, pid, tid, ppid, uid, gid, comm and context.',
      ...(point?.notes ?? []).map((note) => `  ${note}`),
      '',
      'As a file:',
      '',
      '  apiVersion: traceprobe.io/v1alpha1',
      '  kind: TraceProbe',
      `  metadata: { name: ${name} }`,
      '  spec:',
      `    builtin: { name: ${name} }`,
    ];
  } catch (error) {
    throw new CliError(problemsOf(error));
  }
}
