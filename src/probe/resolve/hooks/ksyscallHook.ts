import type { Hook, HookPrograms } from '../hook.ts';
import type { KernelView } from '../kernelView.ts';
import { UnknownSyscallError } from '../planError.ts';
import type { Place } from '../planError.ts';
import { requireFeature } from '../requireFeature.ts';
import { syscallArguments, syscallReturn } from '../syscallArguments.ts';
import { syscallEffects, tracepointNameOf, viaIoUring } from '../syscallFacts.ts';
import { IO_URING_NOTE, SLEEPERS_NOTE } from './notes.ts';

/** Prefix of the function that each system call's entry leads to (CONFIG_ARCH_HAS_SYSCALL_WRAPPER). */
const WRAPPER = { x64: '__x64_sys_', arm64: '__arm64_sys_' } as const;

/** A system call by a kprobe on the architecture's wrapper of it. */
export function ksyscallHook(wanted: string, kernel: KernelView, place: Place): Hook {
  const prefix = WRAPPER[kernel.architecture];
  const name = tracepointNameOf(wanted, kernel);
  const wrapper = `${prefix}${name}`;
  const attach = `ksyscall/${wanted}`;
  if (kernel.functions.find(wrapper) === undefined) {
    throw new UnknownSyscallError(
      place,
      `this kernel (${kernel.release}, ${kernel.architecture}) has no system call ${wanted}: there is no function ${wrapper}`,
      wanted,
      wrapped(prefix, kernel),
    );
  }
  const args = syscallArguments(name, kernel);
  const notes = ['calls of 32-bit programs are not seen: they go through another wrapper'];
  if (viaIoUring.has(name)) notes.push(IO_URING_NOTE);
  if (args === undefined) {
    notes.push(
      'tracefs does not tell the arguments of this system call: they are args[0] to args[5], without types',
    );
  }
  return {
    values: {
      what: `system call ${wanted}`,
      noun: 'argument',
      args: args ?? [],
      untyped: args === undefined ? 6 : 0,
      retval: syscallReturn(),
      ...syscallEffects(name).values,
      userPointers: true,
    },
    interrupts: false,
    notes,
    atReturn: false,
    returnOnly: false,
    function: wrapper,
    ...syscallEffects(name).hook,
    programs: ({ retval, duration }): HookPrograms => {
      requireFeature('kprobe', attach, kernel, place);
      if (!retval && !duration) {
        return {
          programs: [
            {
              object: 'kprobe',
              program: 'syscall_single',
              role: 'single',
              hook: { type: 'ksyscall', syscall: name },
            },
          ],
          notes: [],
        };
      }
      requireFeature('kretprobe', `${attach} with retval or duration`, kernel, place);
      return {
        programs: [
          {
            object: 'kprobe',
            program: 'syscall_enter',
            role: 'entry',
            hook: { type: 'ksyscall', syscall: name },
          },
          { object: 'kprobe', program: 'leave', role: 'exit', hook: { type: 'kretsyscall', syscall: name } },
        ],
        notes: [`the return is seen by a kretprobe. ${SLEEPERS_NOTE}; syscall/${wanted} has no such limit`],
      };
    },
  };
}

function* wrapped(prefix: string, kernel: KernelView): Iterable<string> {
  for (const name of kernel.functions.names()) if (name.startsWith(prefix)) yield name.slice(prefix.length);
}
