// Fifty probes of four fields each in a process of its own: says "ready" when they run, and on SIGINT prints what
// kernel memory each took and how large the process is. Its only argument is the kind, "single" or "pair".
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { Host } from '../../src/agent/host.ts';
import { inlineProbe } from '../../src/api/index.ts';
import { synchronize } from '../../src/bpf/index.ts';
import { compileProbe } from '../../src/probe/compile.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';
import type { KernelView } from '../../src/probe/resolve/kernelView.ts';
import { readKernelMemory, type KernelMemory } from './kernelMemory.ts';

export interface MemoryResult {
  probes: number;
  /** With the first probe, and with all. */
  first: KernelMemory;
  last: KernelMemory;
  /** Bytes of the process in memory (VmRSS). */
  resident: number;
}

/** single: four arguments at the call. pair: two arguments, return value and duration. */
export type MemoryKind = 'single' | 'pair';

const probes = 50;

/** System calls with enough arguments, openat first, and what to capture of each: strings and numbers. */
function pointsOf(kind: MemoryKind, { tracefs }: KernelView): { attach: string; capture: string[] }[] {
  const own = kind === 'single' ? 4 : 2;
  const points = tracefs.names('syscalls').flatMap((name) => {
    const call = /^sys_enter_(.*)/.exec(name)?.[1];
    const fields = tracefs.format('syscalls', name)?.fields.slice(1, 1 + own) ?? []; // [0] is the call's number
    // What an execve was given cannot be read any more when it returns.
    if (call === undefined || call.startsWith('execve') || fields.length < own) return [];
    const capture = fields.map((field, index) => {
      const type = field.type === 'const char *' ? 'String' : 'Uint64';
      return `value${index}:${type}=args.${field.name}`;
    });
    return [
      { attach: `syscall/${call}`, capture: kind === 'pair' ? [...capture, 'retval', 'duration'] : capture },
    ];
  });
  const isLoad = ({ attach }: { attach: string }): boolean => attach === 'syscall/openat';
  return [...points.filter(isLoad), ...points.filter((point) => !isLoad(point))].slice(0, probes);
}

const kind = process.argv[2] as MemoryKind;
let stopped = (): void => undefined;
const stop = new Promise<void>((resolve) => {
  stopped = resolve;
});
process.once('SIGINT', stopped);

const host = new Host({ onBatches: () => undefined });
const memory: KernelMemory[] = [];
let running = 0;
{
  using kernel = runningKernel();
  for (const point of pointsOf(kind, kernel)) {
    await host.apply(compileProbe(inlineProbe(point).probe, kernel));
    if (running++ === 0) memory.push(await settledKernelMemory());
  }
  memory.push(await settledKernelMemory());
}
console.log('ready');
await stop;
const resident = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
await host.close();
const [first, last] = memory as [KernelMemory, KernelMemory];
const result: MemoryResult = { probes: running, first, last, resident: 1024 * Number(resident) };
console.log(JSON.stringify(result));

/** After the kernel has freed, a grace period or two later, what loading took for a while. */
async function settledKernelMemory(): Promise<KernelMemory> {
  for (let period = 0; period < 3; period++) await synchronize();
  await setTimeout(500);
  return readKernelMemory();
}
