import type { KernelView } from '../../probe/resolve/kernelView.ts';
import type { Hook, HookUses } from '../../probe/resolve/hook.ts';
import { PlanError } from '../../probe/resolve/planError.ts';
import { resolveHook } from '../../probe/resolve/resolveHook.ts';
import { runningKernel } from '../../probe/resolve/runningKernel.ts';
import type { CliContext } from '../cliContext.ts';
import { CliError, exitCodes } from '../cliError.ts';
import { alignColumns } from '../output/alignColumns.ts';
import { escapeText } from '../output/escapeText.ts';
import { inlineManifest } from '../inlineManifest.ts';
import { problemsOf } from '../problemsOf.ts';
import { requireKernel, thisMachine } from '../requireTracing.ts';
import { explainBuiltin, isBuiltin } from './explainBuiltin.ts';
import { exampleProbe } from './exampleProbe.ts';
import { hookRows, memberRows, type FieldRow } from './fieldRows.ts';

export interface ExplainOptions {
  /** As spec.points[].attach, or a built-in's name. */
  attach: string;
  /** A value to look into: args.dentry */
  path: string | undefined;
  /** For uprobes. */
  binary: string | undefined;
}

/** `traceprobe explain`: what there is at a hook. Resolves to the exit code. */
export function explainHook(options: ExplainOptions, { stdout }: CliContext): number {
  requireKernel(thisMachine());
  using kernel = runningKernel();
  const lines = isBuiltin(options.attach)
    ? explainBuiltin(options.attach, kernel)
    : explanation(options, kernel);
  for (const line of lines) stdout.line(escapeText(line));
  return exitCodes.ok;
}

function explanation({ attach, path, binary }: ExplainOptions, kernel: KernelView): string[] {
  const { probe, locate } = inlineManifest({ attach, binary });
  const point = probe.spec.points?.[0];
  if (point === undefined) throw new TypeError('an inline probe has one point');
  try {
    const hook = resolveHook(point, ['spec', 'points', 0], kernel);
    if (path !== undefined) {
      const rows = memberRows(path, hook.values);
      if (rows.length > 0) return table(rows);
      throw new CliError([{ message: `${path} has no members to look into at ${attach}` }]);
    }
    return describe(attach, binary, hook, kernel);
  } catch (error) {
    throw error instanceof CliError ? error : new CliError(problemsOf(error, { locate }));
  }
}

function describe(attach: string, binary: string | undefined, hook: Hook, kernel: KernelView): string[] {
  const { values } = hook;
  const rows = hookRows(values);
  const open = rows.filter(({ members }) => members > 0).map(({ path }) => path);
  const example = exampleProbe({ attach, binary, rows });
  return [
    `${attach}: ${values.what}`,
    '',
    ...table(rows),
    ...(rows.length === 0 ? ['  nothing can be captured here but what every event has'] : []),
    '',
    'Every event also has time, node, pid, tid, ppid, uid, gid, comm and context.',
    ...(open.length === 0
      ? []
      : [`Look into ${open.join(', ')}: traceprobe explain ${attach} ${open[0] ?? ''}`]),
    ...section('What to know about this hook:', [
      ...hook.notes,
      ...facts(hook, kernel),
      ...programFacts(hook),
    ]),
    ...section('Try it:', [example.command]),
    '',
    'The same as a file:',
    '',
    ...example.yaml.split('\n').map((line) => `  ${line}`),
  ];
}

/** Whether this machine can attach there, and what a result or a duration takes. */
function programFacts(hook: Hook): string[] {
  const { retval, withoutReturn } = hook.values;
  const place = { path: ['attach'] };
  const attempt = (of: string, uses: HookUses): string[] => {
    try {
      return hook.programs(uses, place).notes.map((note) => of + note);
    } catch (error) {
      if (error instanceof PlanError) return [`${of}not on this machine: ${error.message}`];
      throw error;
    }
  };
  const plain = attempt('', { args: true, retval: false, duration: false });
  const hasReturn = retval !== undefined || withoutReturn === undefined;
  const timed = { args: true, retval: retval !== undefined, duration: withoutReturn === undefined };
  const returned = hasReturn ? attempt('with retval or duration: ', timed) : [];
  return [...plain, ...returned.filter((line) => !plain.some((known) => line.endsWith(known)))];
}

function facts({ values, interrupts, function: name }: Hook, kernel: KernelView): string[] {
  const found = name === undefined ? undefined : kernel.functions.find(name);
  const override = {
    true: 'its result can be overridden: it is on the kernel’s list of functions for error injection',
    false: 'its result cannot be overridden: it is not on the kernel’s list of functions for error injection',
    undefined: 'whether its result can be overridden is not known here (debugfs: error_injection/list)',
  };
  return [
    ...(values.withoutReturn === undefined ? [] : [values.withoutReturn]),
    ...(interrupts
      ? ['it may run in an interrupt; then pid and comm are those of a bystander, and context says so']
      : []),
    ...(found === undefined ? [] : [override[String(found.overridable) as keyof typeof override]]),
  ];
}

function table(rows: readonly FieldRow[]): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map(({ path, cType, column, members, unreadable }) => [
    path,
    cType,
    column ?? (members > 0 ? `${members} member${members === 1 ? '' : 's'}` : '-'),
    unreadable === undefined ? '' : `cannot be read: ${unreadable}`,
  ]);
  return alignColumns([['VALUE', 'C TYPE', 'COLUMN', ''], ...cells], { indent: 2 });
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}
