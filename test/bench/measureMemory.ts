import { join } from 'node:path';
import { startChild } from './child.ts';
import type { KernelMemory } from './kernelMemory.ts';
import { runLoad } from './load.ts';
import type { Conditions } from './measure.ts';
import { median } from './median.ts';
import type { MemoryKind, MemoryResult } from './memoryChild.ts';

export interface MemoryFigures {
  probes: number;
  /** Bytes of the kernel for each probe after the first. */
  perProbe: KernelMemory;
  /** Bytes of the process with all probes, after a load that one of them saw. */
  resident: number;
}

/** Starts many probes in one process and asks what they took; medians of a few runs, each in a new process. */
export async function measureMemory(
  kind: MemoryKind,
  conditions: Conditions,
  rounds: number,
): Promise<MemoryFigures> {
  const runs: MemoryFigures[] = [];
  for (let round = 0; round < rounds; round++) runs.push(await measureOnce(kind, conditions));
  const of = (pick: (run: MemoryFigures) => number): number => median(runs.map(pick));
  return {
    probes: of(({ probes }) => probes),
    perProbe: { accounted: of((run) => run.perProbe.accounted), used: of((run) => run.perProbe.used) },
    resident: of(({ resident }) => resident),
  };
}

async function measureOnce(kind: MemoryKind, { place, cpus, calls }: Conditions): Promise<MemoryFigures> {
  const command = [process.execPath, join(place.directory, 'memoryChild.mjs'), kind] as const;
  await using child = startChild({ command }, cpus);
  await child.printed(/^ready$/m);
  await runLoad(place.directory, cpus, calls, '/nonexistent/traceprobe-bench');
  child.signal('SIGINT');
  const json = (await child.ended()).split('\n').findLast((line) => line.startsWith('{'));
  const { probes, first, last, resident } = JSON.parse(json ?? '') as MemoryResult;
  const each = (of: keyof KernelMemory): number => (last[of] - first[of]) / (probes - 1);
  return { probes, perProbe: { accounted: each('accounted'), used: each('used') }, resident };
}
