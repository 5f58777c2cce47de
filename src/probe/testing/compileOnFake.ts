import type { TraceProbe, TraceProbePoint } from '../../api/index.ts';
import { parseDocuments } from '../../api/index.ts';
import { compileProbe } from '../compile.ts';
import type { CompileOptions } from '../compilePoint.ts';
import type { PointPlan, ProgramPlan } from '../plan.ts';
import type { KernelView } from '../resolve/kernelView.ts';
import { ProbeRefusedError } from '../resolve/planError.ts';
import { fakeKernel, formatText, syscallFormat } from './fakeKernel.ts';
import type { FakeKernel } from './fakeKernel.ts';
import { fileBtf, fileFunctions } from './fileBtf.ts';

const exitFormat = (name: string): string => formatText(`sys_exit_${name}`, [['long ret', 16, 8, true]]);
const formats: Record<string, string> = {
  'syscalls/sys_enter_openat': syscallFormat(
    'openat',
    'int dfd',
    'const char * filename',
    'int flags',
    'umode_t mode',
  ),
  'syscalls/sys_exit_openat': exitFormat('openat'),
  'syscalls/sys_enter_execve': syscallFormat('execve', 'const char * filename', 'const char *const * argv'),
  'syscalls/sys_exit_execve': exitFormat('execve'),
  'syscalls/sys_enter_write': syscallFormat('write', 'unsigned int fd', 'const char * buf', 'size_t count'),
  'syscalls/sys_exit_write': exitFormat('write'),
  'syscalls/sys_enter_connect': syscallFormat(
    'connect',
    'int fd',
    'struct sockaddr * uservaddr',
    'int addrlen',
  ),
  'syscalls/sys_enter_newstat': syscallFormat('newstat', 'const char * filename', 'struct stat * statbuf'),
  'syscalls/sys_enter_exit_group': syscallFormat('exit_group', 'int error_code'),
  'sched/sched_process_exec': formatText('sched_process_exec', [
    ['__data_loc char[] filename', 8, 4],
    ['pid_t pid', 12, 4, true],
    ['__data_loc u8[] raw', 16, 4],
    ['__rel_loc char[] odd', 20, 4],
  ]),
  'sock/state': formatText(
    'state',
    [
      ['const void * skaddr', 8, 8],
      ['int oldstate', 16, 4, true],
      ['__u8 saddr[4]', 20, 4],
      ['char name[8]', 24, 8],
      ['bool done', 32, 1],
    ],
    '"%p %s %pI4", REC->skaddr, __print_symbolic(REC->oldstate, { 1, "OPEN" }, { 7, "CLOSED" }), REC->saddr',
  ),
};

/** A kernel with the system calls, tracepoints and functions that these tests attach to. */
export function kernelWith(changes: FakeKernel = {}): KernelView & Disposable {
  return fakeKernel({
    formats,
    btf: fileBtf(),
    kallsyms: [...fileFunctions, 't twice', 't twice', 't bare', 'T __x64_sys_openat', 'T __x64_sys_execve'],
    ...changes,
  });
}

export type Point = Omit<TraceProbePoint, 'name'>;

/** A checked probe of these points, called p0, p1, …. */
export function probeOf(...points: Point[]): TraceProbe {
  const named = points.map((point, index) => ({ name: `p${index}`, ...point }));
  const spec = JSON.stringify({ points: named });
  const text = `{"apiVersion": "traceprobe.io/v1alpha1", "kind": "TraceProbe", "metadata": {"name": "t"}, "spec": ${spec}}`;
  const [manifest] = parseDocuments(text, 'test');
  if (manifest === undefined) throw new Error('no probe');
  return manifest.probe;
}

/** The plan of a probe of one point. */
export function plan(point: Point, changes: FakeKernel = {}, options: CompileOptions = {}): PointPlan {
  using kernel = kernelWith(changes);
  const [made] = compileProbe(probeOf(point), kernel, options).points;
  if (made === undefined) throw new Error('no point');
  return made;
}

/** What is wrong with a probe, as `path: message` each. */
export function faults(point: Point, changes: FakeKernel = {}): string[] {
  try {
    plan(point, changes);
  } catch (error) {
    if (error instanceof ProbeRefusedError) return error.message.split(/\n(?=spec)/);
    throw error;
  }
  return [];
}

/** Programs in short: role, object/program, hook. */
export function programs(made: PointPlan): string[] {
  return made.programs.map(
    ({ object, program, role, hook }) => `${role} ${object}/${program} ${describe(hook)}`,
  );
}

function describe(hook: ProgramPlan['hook']): string {
  return Object.values(hook).join(' ');
}

/** Columns in short: name and type. */
export function columns(made: PointPlan): string[] {
  return made.columns.map(({ name, type, visible }) => `${name} ${type}${visible ? '' : ' (hidden)'}`);
}
