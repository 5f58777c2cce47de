import { runningKernel } from '../../probe/resolve/runningKernel.ts';
import type { KernelView } from '../../probe/resolve/kernelView.ts';
import type { CliContext } from '../cliContext.ts';
import { CliError, exitCodes } from '../cliError.ts';
import { escapeText } from '../output/escapeText.ts';
import { requireKernel, thisMachine } from '../requireTracing.ts';
import { builtins } from './builtins.ts';
import { listKinds, type ListKind } from './listKinds.ts';
import { matcher } from './matcher.ts';

export interface ListOptions {
  /** undefined: all. */
  kind: ListKind | undefined;
  pattern: string | undefined;
  /** Everything, even on a terminal. */
  all: boolean;
}

/** A person reads so many lines of one kind; a pipe gets all. */
const screenful = 100;

/** `traceprobe list`: names as `explain` and (but for built-ins) `attach` want them, one a line. Resolves to the exit code. */
export async function listHooks(options: ListOptions, { stdout, stderr }: CliContext): Promise<number> {
  requireKernel(thisMachine());
  using kernel = runningKernel();
  const matches = matcher(options.pattern);
  let found = 0;
  for (const kind of options.kind === undefined ? listKinds : [options.kind]) {
    // The pattern may be of the bare name or of the whole: sched/*, tracepoint/sched/*.
    const names = namesOf(kind, kernel).filter(({ name, attach }) => matches(name) || matches(attach));
    found += names.length;
    const shown = stdout.isTerminal && !options.all ? names.slice(0, screenful) : names;
    await stdout.write(shown.map(({ attach }) => `${escapeText(attach)}\n`).join(''));
    const left = names.length - shown.length;
    if (left > 0) {
      stderr.line(`… and ${left} more ${kind}: give a PATTERN, --all, or pipe this into less`);
    }
  }
  if (found > 0) return exitCodes.ok;
  const missing = kernel.tracefs.unavailable();
  throw new CliError([
    {
      message: `nothing here matches${options.pattern === undefined ? '' : ` ${options.pattern}`}`,
      hints: missing === undefined ? [] : [`tracepoints and system calls are not known: ${missing}`],
    },
  ]);
}

interface Name {
  /** As the kernel calls it. */
  name: string;
  /** As a TraceProbe says it. */
  attach: string;
}

function namesOf(kind: ListKind, { tracefs, functions }: KernelView): Name[] {
  const named = (names: Iterable<string>, prefix: string): Name[] =>
    [...new Set(names)].sort().map((name) => ({ name, attach: `${prefix}${name}` }));
  switch (kind) {
    case 'builtins':
      return named(Object.keys(builtins), '');
    case 'tracepoints':
      return named(tracefs.tracepoints(), 'tracepoint/');
    case 'syscalls':
      return named(tracefs.syscalls(), 'syscall/');
    case 'functions':
      return named(functions.names(), 'kprobe/');
  }
}
