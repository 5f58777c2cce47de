import type { Hook, HookProgram } from '../hook.ts';
import type { KernelView } from '../kernelView.ts';
import { UnknownSyscallError, UnsupportedError } from '../planError.ts';
import type { Place } from '../planError.ts';
import { requireFeature } from '../requireFeature.ts';
import { syscallArguments, syscallReturn } from '../syscallArguments.ts';
import { syscallEffects, tracepointNameOf, viaIoUring } from '../syscallFacts.ts';
import { COMPAT_NOTE, IO_URING_NOTE } from './notes.ts';

/** A system call by its pair of tracepoints: sys_enter_NAME and sys_exit_NAME. */
export function syscallHook(wanted: string, kernel: KernelView, place: Place): Hook {
  const missing = kernel.tracefs.unavailable();
  if (missing !== undefined) {
    throw new UnsupportedError(place, 'tracefs', `system calls are found through tracefs: ${missing}`);
  }
  const name = tracepointNameOf(wanted, kernel);
  const args = syscallArguments(name, kernel);
  if (args === undefined) {
    throw new UnknownSyscallError(
      place,
      `this kernel (${kernel.release}, ${kernel.architecture}) has no system call ${wanted}`,
      wanted,
      kernel.tracefs.syscalls(),
    );
  }
  const notes = [COMPAT_NOTE];
  if (viaIoUring.has(name)) notes.push(IO_URING_NOTE);
  if (name !== wanted) notes.push(`the kernel calls this system call ${name}`);
  const effects = syscallEffects(name);
  return {
    values: {
      what: `system call ${wanted}`,
      noun: 'argument',
      args,
      untyped: 0,
      retval: syscallReturn(),
      ...effects.values,
      userPointers: true,
    },
    interrupts: false,
    notes,
    atReturn: false,
    returnOnly: false,
    ...effects.hook,
    programs({ retval, duration }) {
      requireFeature('tracepoint', `syscall/${wanted}`, kernel, place);
      if (!retval && !duration)
        return { programs: [program('single', 'single', `sys_enter_${name}`)], notes: [] };
      return {
        programs: [
          program('enter', 'entry', `sys_enter_${name}`),
          program('leave', 'exit', `sys_exit_${name}`),
        ],
        notes: [],
      };
    },
  };
}

function program(of: string, role: HookProgram['role'], tracepoint: string): HookProgram {
  return {
    object: 'syscall',
    program: of,
    role,
    hook: { type: 'tracepoint', category: 'syscalls', name: tracepoint },
  };
}
