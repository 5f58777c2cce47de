import { durationToMilliseconds, type InlineProbe } from '../../api/index.ts';
import { runningKernel } from '../../probe/resolve/runningKernel.ts';
import type { CliContext } from '../cliContext.ts';
import { exitCodes } from '../cliError.ts';
import { outputFormat, type OutputFormat } from '../output/outputFormat.ts';
import { requireTracing, thisMachine } from '../requireTracing.ts';
import { after, anyAborted } from './endOfRun.ts';
import { EventPrinter } from './eventPrinter.ts';
import { catchInterruption } from './interruption.ts';
import { planProbes, type PlannedProbe } from './planProbes.ts';
import { readProbes } from './readProbes.ts';
import { Session } from './session.ts';

export interface RunOptions {
  files: string[];
  inline: InlineProbe | undefined;
  filter: string | undefined;
  /** A TraceProbe's duration, e.g. 30s. */
  for: string | undefined;
  count: number | undefined;
  output: OutputFormat;
  watch: boolean;
  node: string;
}

/** `traceprobe run`: everything from files to the accounts at the end. Resolves to the exit code. */
export async function runProbes(options: RunOptions, context: CliContext): Promise<number> {
  requireTracing(thisMachine());
  const { stdout, stderr } = context;
  using interruption = catchInterruption();
  const manifests = await readProbes(options);
  using kernel = runningKernel();
  const planned = planProbes(manifests, kernel, options.filter);

  const format = outputFormat(options.output, {
    output: stdout,
    node: options.node,
    several: options.watch || planned.flatMap(({ plan }) => plan.points).length > 1,
  });
  const printer = new EventPrinter({ output: stdout, format, limit: options.count });
  const session = new Session({ context, printer, node: options.node });
  using elapsed = options.for === undefined ? undefined : after(durationToMilliseconds(options.for));
  try {
    await session.apply(planned);
    if (stderr.isTerminal) stderr.line(startLine(planned));
    const ends = [interruption.signal, printer.full, stdout.gone, session.idle];
    await anyAborted(elapsed === undefined ? ends : [...ends, elapsed]);
  } finally {
    await session.close();
  }
  await stdout.flushed();
  if (stdout.failure !== undefined) throw stdout.failure;
  return session.idle.aborted ? exitCodes.failure : exitCodes.ok;
}

/** What runs, in a line. */
function startLine(planned: readonly PlannedProbe[]): string {
  const names = planned.map(({ plan }) => plan.name);
  const listed =
    names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
  return `Tracing ${listed}. Ctrl-C ends.`;
}
