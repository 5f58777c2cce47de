import { durationToMilliseconds, type InlineProbe, type Manifest } from '../../api/index.ts';
import { runningKernel } from '../../probe/resolve/runningKernel.ts';
import { reportProblems, type CliContext } from '../cliContext.ts';
import { CliError, exitCodes } from '../cliError.ts';
import { outputFormat, type RunOutput } from '../output/outputFormat.ts';
import { reportDeadRuns } from '../programs/reportDeadRuns.ts';
import { optionalEpochs, runEpochs } from '../programs/runEpochs.ts';
import { RunFile } from '../programs/runFile.ts';
import { requireTracing, thisMachine } from '../requireTracing.ts';
import { after, anyAborted } from './endOfRun.ts';
import { EventPrinter } from './eventPrinter.ts';
import { catchInterruption } from './interruption.ts';
import { planProbes, type PlannedProbe } from './planProbes.ts';
import { readProbes } from './readProbes.ts';
import { reload } from './reload.ts';
import { selectProbes } from './selectProbes.ts';
import type { RunStore } from './runStore.ts';
import { Session } from './session.ts';
import { requireNoOtherKeeper } from './unlinkPlaces.ts';
import { textsOf, watchFiles, type FileWatch } from './watchFiles.ts';

export interface RunOptions {
  files: string[];
  inline: InlineProbe | undefined;
  /** Beside the probes' own filters. */
  filter: string | undefined;
  /** A TraceProbe's duration, e.g. 30s. */
  for: string | undefined;
  /** Events to show. */
  count: number | undefined;
  output: RunOutput;
  /** Store events as well: in this directory, or in the usual one. Default: no. */
  store?: string | true | undefined;
  /** Apply files again when they change. */
  watch: boolean;
  /** What events call this machine. */
  node: string;
}

/** What a reader who is slower than the store still gets to see after Ctrl-C. */
const maxUnshownBytes = 8 << 20;

/** `traceprobe run`: everything from files to the accounts at the end. Resolves to the exit code. */
export async function runProbes(options: RunOptions, context: CliContext): Promise<number> {
  requireTracing(thisMachine());
  const { stdout, stderr } = context;
  await using storing = await openRunStore(options, context);
  const epochs = runEpochs(context);
  reportDeadRuns(epochs, context);
  using interruption = catchInterruption(context.environment);
  const watched = options.watch ? options.files.filter((file) => file !== '-') : [];
  const since = await textsOf(watched);
  const read = async (): Promise<ReturnType<typeof selectProbes>> => {
    const { selected, warnings } = selectProbes(await readProbes(options));
    return { selected: selected.map(storing?.identify ?? ((manifest) => manifest)), warnings };
  };
  const { selected, warnings } = await read();
  reportProblems(stderr, warnings, 'warning');
  if (selected.length === 0) throw new CliError([{ message: 'no probe is left to run' }]);

  using kernel = runningKernel();
  const plan = (manifests: readonly Manifest[]): PlannedProbe[] =>
    planProbes(manifests, kernel, options.filter);
  const planned = plan(selected);
  // Its type information is 10 MB, which only another plan would need.
  if (!options.watch) kernel[Symbol.dispose]();
  const several = options.watch || planned.flatMap(({ plan: { points } }) => points).length > 1;
  const format =
    options.output === 'none'
      ? undefined
      : outputFormat(options.output, { output: stdout, node: options.node, several });
  const printer = new EventPrinter({
    ...{ output: stdout, format, limit: options.count },
    ...(storing && { maxWaitingBytes: maxUnshownBytes }),
  });
  using runFile = new RunFile();
  if (planned.some(({ plan: { delayedUnlink } }) => delayedUnlink !== undefined)) {
    await requireNoOtherKeeper(context);
  }
  const session = new Session({
    context,
    printer,
    node: options.node,
    epochs: optionalEpochs(epochs, context),
    onPrograms: (running) => {
      runFile.write(running);
    },
    ...(storing && { storage: storing.storage }),
  });
  let watching: FileWatch | undefined;
  try {
    const problems = await session.apply(planned);
    if (problems.length > 0) throw new CliError(problems);
    if (watched.length > 0) {
      watching = await watchFiles({
        files: watched,
        since,
        onChange: () => reload({ session, context, plan, read: async () => (await read()).selected }),
        onError: ({ message }) => {
          reportProblems(stderr, [{ message }], 'warning');
        },
      });
    }
    context.log('info', 'probes run', { probes: planned.length });
    if (stderr.isTerminal) stderr.line(startLine(planned));
    if (stderr.isTerminal && storing) stderr.line(`Events are stored in ${storing.directory}.`);
    using elapsed = options.for === undefined ? undefined : after(durationToMilliseconds(options.for));
    const ends = [interruption.signal, printer.full, stdout.gone, session.idle];
    if (storing) ends.push(storing.lost);
    await anyAborted(elapsed === undefined ? ends : [...ends, elapsed]);
  } finally {
    await watching?.close();
    await session.close();
  }
  await stdout.flushed();
  if (stdout.failure !== undefined) throw stdout.failure;
  if (storing?.lost.aborted === true) return exitCodes.failure;
  return session.exceeded && session.idle.aborted ? exitCodes.failure : exitCodes.ok;
}

/** The store and what else a run without one has no need to load. */
async function openRunStore(options: RunOptions, context: CliContext): Promise<RunStore | undefined> {
  if (options.store === undefined) return undefined;
  const { runStore } = await import('./runStore.ts');
  return runStore(options.store === true ? undefined : options.store, options.node, context);
}

/** What runs, in a line. */
function startLine(planned: readonly PlannedProbe[]): string {
  const names = planned.map(({ plan }) => plan.name);
  const listed =
    names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
  return `Tracing ${listed}. Ctrl-C ends.`;
}
