import { join } from 'node:path';
import { startChild } from './child.ts';

export interface LoadResult {
  calls: number;
  /** CLOCK_MONOTONIC, ns. */
  start: number;
  end: number;
  /** ns of CPU time that a call took in its own thread: without readers and whoever else ran there. */
  cpuPerCall: number;
  /** ns of one CPU's time from one call to the next, readers included. */
  wallPerCall: number;
}

/** Runs load.c once on two CPUs. */
export async function runLoad(
  directory: string,
  cpus: readonly number[],
  calls: number,
  path: string,
): Promise<LoadResult> {
  const [first = 0, second = first] = cpus;
  const command = [join(directory, 'load'), String(first), String(second), String(calls), path] as const;
  await using load = startChild({ command }, cpus);
  const { start, end, cpu } = JSON.parse(await load.ended()) as { start: number; end: number; cpu: number };
  return { calls, start, end, cpuPerCall: cpu / calls, wallPerCall: (2 * (end - start)) / calls };
}
