import { readFileSync, rmSync } from 'node:fs';
import { startChild } from './child.ts';
import { runLoad, type LoadResult } from './load.ts';
import type { ProbeResult } from './traceprobeChild.ts';
import type { Place, Variant } from './variants.ts';

/** A load that nobody else makes events of. */
const missing = '/nonexistent/traceprobe-bench';

export interface Run extends LoadResult {
  /** Calls without an event in the output; undefined where none is written. */
  lost: number | undefined;
  /** ns of CPU time that the tracer's process took, a call. */
  readerPerCall: number;
  /** Only of TraceProbe: its own account, and when all was written. */
  probe?: ProbeResult;
}

export interface Conditions {
  place: Place;
  cpus: readonly number[];
  calls: number;
}

/** The load alone. */
export async function measureBare({ place, cpus, calls }: Conditions): Promise<Run> {
  const load = await runLoad(place.directory, cpus, calls, missing);
  return { ...load, lost: undefined, readerPerCall: 0 };
}

/** The load while a variant traces it; undefined where the variant is not to be had. */
export async function measure(variant: Variant, conditions: Conditions): Promise<Run | undefined> {
  const { place, cpus, calls } = conditions;
  const command = variant.command(place);
  if (command === undefined) return undefined;
  try {
    await using tracer = startChild(command, cpus);
    await tracer.printed(variant.ready);
    const before = cpuTime(tracer.pid);
    const load = await runLoad(place.directory, cpus, calls, missing);
    const after = cpuTime(tracer.pid);
    tracer.signal('SIGINT');
    const printed = await tracer.ended();
    const json = printed.split('\n').findLast((line) => line.startsWith('{'));
    return {
      ...load,
      lost: variant.count && calls - variant.count(place.output, missing),
      readerPerCall: (after - before) / calls,
      ...(json !== undefined && { probe: JSON.parse(json) as ProbeResult }),
    };
  } finally {
    rmSync(place.output, { force: true });
  }
}

/** ns of CPU time that a process with all its threads has taken, in steps of 10 ms (USER_HZ). */
function cpuTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 1e7; // utime and stime, fields 14 and 15 of proc(5)
}
