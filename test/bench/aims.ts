import type { MemoryFigures } from './measureMemory.ts';
import type { Summary } from './summarize.ts';

/** All that was measured, by the variants' names; what was left out is not there. */
export interface Figures {
  bare: Summary;
  variants: ReadonlyMap<string, Summary>;
  memory?: { single: MemoryFigures; pair: MemoryFigures };
}

export interface Aim {
  aim: string;
  /** With its unit. */
  measured: string;
  met: boolean;
}

/** What TraceProbe wants to be, against what was measured; aims whose figures are missing are left out. */
export function aimsOf({ variants, memory }: Figures): Aim[] {
  const [lean, textbook, printf] = ['lean', 'textbook', 'bpftrace-printf'].map((name) => variants.get(name));
  const own = variants.get('traceprobe');
  const rejected = variants.get('traceprobe-reject');
  const aims: Aim[] = [];
  const add = (aim: string, measured: string, met: boolean): void => {
    aims.push({ aim, measured, met });
  };
  if (own && lean) {
    const ratio = own.added / lean.added;
    add('cost added to a call ≤ 1.3 × the leanest program', `${ratio.toFixed(2)} ×`, ratio <= 1.3);
  }
  if (own && textbook) {
    const ratio = own.added / textbook.added;
    add('cost added to a call ≤ 0.6 × the textbook program', `${ratio.toFixed(2)} ×`, ratio <= 0.6);
  }
  if (own?.lost !== undefined && printf?.lost !== undefined) {
    const share = `${((100 * printf.lost) / printf.calls).toFixed(1)} %`;
    add(`none lost (bpftrace: ${share})`, `${own.lost} of ${own.calls}`, own.lost === 0);
  }
  if (own && printf) {
    const ratio = printf.perCall / own.perCall;
    add('a traced load ≥ 2 × as fast as under bpftrace printf', `${ratio.toFixed(2)} ×`, ratio >= 2);
  }
  if (rejected) {
    const added = Math.round(rejected.added);
    add('a rejected event ≤ 150 ns', `${added} ns`, added <= 150);
  }
  if (own?.throughput !== undefined) {
    const thousands = Math.round(own.throughput / 1000);
    const measured = thousands === 0 ? 'events were lost' : `${thousands} k events/s`;
    add('≥ 600 k events/s captured and encoded on two CPUs without loss', measured, thousands >= 600);
  }
  if (memory) {
    const { single } = memory;
    const kibibytes = Math.round(single.perProbe.used / 1024);
    add('≤ 96 KiB of kernel memory a further probe of four fields', `${kibibytes} KiB`, kibibytes <= 96);
    const megabytes = Math.round(single.resident / 1e6);
    add(`≤ 100 MB for the process with ${single.probes} probes`, `${megabytes} MB`, megabytes <= 100);
  }
  return aims;
}
