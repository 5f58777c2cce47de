import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel counted of a program while statistics were on, since it was loaded. */
export interface ProgramStatistics {
  runCount: bigint;
  runTimeNs: bigint;
}

/**
 * Counts of the BPF programs that a process holds, by the kernel's id, from /proc/PID/fdinfo: any process that may look
 * there can read them, whoever loaded the programs. Empty when the process has ended or may not be looked at.
 */
export function programStatistics(pid: number, proc = '/proc'): Map<number, ProgramStatistics> {
  const found = new Map<number, ProgramStatistics>();
  for (const fd of entries(`${proc}/${pid}/fdinfo`)) {
    const text = readIfThere(`${proc}/${pid}/fdinfo/${fd}`);
    const id = numberIn(text, 'prog_id');
    const runTimeNs = numberIn(text, 'run_time_ns');
    const runCount = numberIn(text, 'run_cnt');
    // Links say their program's id as well, without its counts.
    if (id === undefined || runTimeNs === undefined || runCount === undefined) continue;
    found.set(Number(id), { runCount, runTimeNs });
  }
  return found;
}

function numberIn(text: string, key: string): bigint | undefined {
  const digits = new RegExp(`^${key}:\\s*(\\d+)$`, 'm').exec(text)?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
