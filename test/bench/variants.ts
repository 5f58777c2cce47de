import { join } from 'node:path';
import type { Bpftrace } from './bpftrace.ts';
import type { ChildCommand } from './child.ts';
import { countBatchRows, countLeanRecords, countLines, type CountEvents } from './countEvents.ts';
import type { ProbeSettings } from './traceprobeChild.ts';

/** Where a variant finds what it needs. */
export interface Place {
  /** Of compiled programs. */
  directory: string;
  /** What a variant writes its events to. */
  output: string;
  bpftrace: Bpftrace | undefined;
}

/** One way to trace the load. */
export interface Variant {
  name: string;
  title: string;
  /** undefined: it is not to be had here. */
  command(place: Place): ChildCommand | undefined;
  /** Printed when it traces. */
  ready: RegExp;
  /** undefined: it writes no events, or counts them only. */
  count?: CountEvents;
}

const ready = /^ready$/m;

function libbpf(program: 'textbook' | 'lean', object: string): Variant['command'] {
  return ({ directory, output }) => ({
    command: [join(directory, program), join(directory, `${object}.bpf.o`), output],
  });
}

function bpftrace(script: string): Variant['command'] {
  return (place) =>
    place.bpftrace && {
      // Whole buffers and no longer strings than the others have: at its fastest.
      command: [...place.bpftrace.command, '-B', 'full', '-o', place.output, '-e', script],
      env: { BPFTRACE_MAX_STRLEN: '256' },
    };
}

function traceProbe(filter?: string): Variant['command'] {
  return ({ directory, output }) => {
    const settings: ProbeSettings = {
      attach: 'syscall/openat',
      capture: ['filename'],
      output,
      ...(filter !== undefined && { filter }),
    };
    return { command: [process.execPath, join(directory, 'traceprobeChild.mjs'), JSON.stringify(settings)] };
  };
}

const printOpenat =
  'tracepoint:syscalls:sys_enter_openat { printf("%llu %d %s %s\\n", nsecs, pid, comm, str(args.filename)); }';

/** In the order of the table. */
export const variants: readonly Variant[] = [
  { name: 'hook', title: 'an empty program', command: libbpf('lean', 'hook'), ready },
  {
    name: 'lean',
    title: 'leanest libbpf program, lazy reader',
    command: libbpf('lean', 'lean'),
    ready,
    count: countLeanRecords,
  },
  {
    name: 'textbook',
    title: 'textbook libbpf program',
    command: libbpf('textbook', 'textbook'),
    ready,
    count: countLines,
  },
  {
    name: 'bpftrace-printf',
    title: 'bpftrace, printf to a file',
    command: bpftrace(printOpenat),
    ready: /Attached/,
    count: countLines,
  },
  {
    name: 'bpftrace-count',
    title: 'bpftrace, count()',
    command: bpftrace('tracepoint:syscalls:sys_enter_openat { @ = count(); }'),
    ready: /Attached/,
  },
  {
    name: 'traceprobe',
    title: '**TraceProbe, batches to a file**',
    command: traceProbe(),
    ready,
    count: countBatchRows,
  },
  {
    name: 'traceprobe-reject',
    title: '**TraceProbe, rejected: `pid == 1`**',
    command: traceProbe('pid == 1'),
    ready,
  },
  {
    name: 'traceprobe-reject-argument',
    title: '**TraceProbe, rejected: `has_flags(args.flags, O_CREAT)`**',
    command: traceProbe('has_flags(args.flags, O_CREAT)'),
    ready,
  },
  {
    name: 'traceprobe-reject-string',
    title: '**TraceProbe, rejected: `filename == "/etc/passwd"`**',
    command: traceProbe('filename == "/etc/passwd"'),
    ready,
  },
];
