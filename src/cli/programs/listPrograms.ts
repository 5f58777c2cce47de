import { setTimeout as sleep } from 'node:timers/promises';
import { durationToMilliseconds } from '../../api/index.ts';
import { enableStats } from '../../bpf/index.ts';
import { reportProblems, type CliContext } from '../cliContext.ts';
import { exitCodes } from '../cliError.ts';
import { alignColumns } from '../output/alignColumns.ts';
import { escapeText } from '../output/escapeText.ts';
import { formatNanoseconds } from '../output/formatNanoseconds.ts';
import { problemsOf } from '../problemsOf.ts';
import { requireKernel, thisMachine } from '../requireTracing.ts';
import { programStatistics, type ProgramStatistics } from './programStatistics.ts';
import { reportDeadRuns } from './reportDeadRuns.ts';
import { runEpochs } from './runEpochs.ts';
import { readRuns, type Run } from './runFile.ts';

export interface ProgramsOptions {
  output: 'table' | 'json';
  /** How long to measure: a TraceProbe's duration. */
  for: string;
}

/** One program of a running probe. */
interface ProgramLine {
  pid: number;
  probe: string;
  point: string;
  attach: string;
  programId: number;
  /** Of the time measured; null: it could not be measured. */
  runsPerSecond: number | null;
  averageNs: number | null;
  cpuPercent: number | null;
}

/** `traceprobe programs`: what the programs of running probes cost at this moment. Resolves to the exit code. */
export async function listPrograms(options: ProgramsOptions, context: CliContext): Promise<number> {
  requireKernel(thisMachine());
  const { stdout, stderr } = context;
  reportDeadRuns(runEpochs(context), context);
  const runs = readRuns();
  if (runs.length === 0) {
    if (options.output === 'table') stderr.line('No probes run on this machine.');
    return exitCodes.ok;
  }
  const lines = await measure(runs, durationToMilliseconds(options.for), context);
  if (options.output === 'json') {
    for (const line of lines) stdout.line(JSON.stringify(line));
    return exitCodes.ok;
  }
  const header = ['PID', 'PROBE', 'POINT', 'ATTACHED TO', 'ID', 'RUNS/S', 'AVERAGE', 'CPU'];
  const cells = lines.map(
    ({ pid, probe, point, attach, programId, runsPerSecond, averageNs, cpuPercent }) => [
      String(pid),
      probe,
      point,
      attach,
      String(programId),
      runsPerSecond === null ? '-' : runsPerSecond.toFixed(runsPerSecond < 10 ? 1 : 0),
      averageNs === null ? '-' : formatNanoseconds(Math.round(averageNs)),
      cpuPercent === null ? '-' : `${cpuPercent.toFixed(2)} %`,
    ],
  );
  for (const line of alignColumns([header, ...cells], { right: [0, 4, 5, 6, 7] }))
    stdout.line(escapeText(line));
  return exitCodes.ok;
}

async function measure(
  runs: readonly Run[],
  milliseconds: number,
  { stderr }: CliContext,
): Promise<ProgramLine[]> {
  const read = (): Map<number, Map<number, ProgramStatistics>> =>
    new Map(runs.map(({ pid }) => [pid, programStatistics(pid)]));
  let before = read();
  let after = before;
  let seconds = 0;
  try {
    using statistics = enableStats();
    before = read();
    const started = performance.now();
    await sleep(milliseconds);
    after = read();
    seconds = (performance.now() - started) / 1000;
    statistics.close();
  } catch (error) {
    const hints = ['run times are not known: measuring takes CAP_SYS_ADMIN'];
    reportProblems(
      stderr,
      problemsOf(error).map(({ message }) => ({ message, hints })),
      'warning',
    );
  }
  return runs.flatMap(({ pid, probes }) =>
    probes.flatMap(({ probe, points }) =>
      points.flatMap(({ point, attach, programIds }) =>
        programIds.map((programId) => ({
          ...{ pid, probe, point, attach, programId },
          ...rates(before.get(pid)?.get(programId), after.get(pid)?.get(programId), seconds),
        })),
      ),
    ),
  );
}

function rates(
  before: ProgramStatistics | undefined,
  after: ProgramStatistics | undefined,
  seconds: number,
): Pick<ProgramLine, 'runsPerSecond' | 'averageNs' | 'cpuPercent'> {
  if (before === undefined || after === undefined || seconds === 0) {
    return { runsPerSecond: null, averageNs: null, cpuPercent: null };
  }
  const runs = Number(after.runCount - before.runCount);
  const time = Number(after.runTimeNs - before.runTimeNs);
  return {
    runsPerSecond: runs / seconds,
    averageNs: runs === 0 ? null : time / runs,
    cpuPercent: time / seconds / 1e7,
  };
}
