import type { CType } from './cType.ts';
import type { HookArgument } from './hookValues.ts';
import type { KernelView } from './kernelView.ts';
import { markBuffers } from './markBuffers.ts';

/** Where arguments begin in the record of sys_enter_NAME, and bytes each takes there. */
const ARGUMENTS_START = 16;
const ARGUMENT_BYTES = 8;

/**
 * Names and C types of a system call's arguments, from the format of its sys_enter tracepoint; undefined when there
 * is none.
 */
export function syscallArguments(name: string, kernel: KernelView): HookArgument[] | undefined {
  const format = kernel.tracefs.format('syscalls', `sys_enter_${name}`);
  if (format === undefined) return undefined;
  // Kernels from 6.19 append a copy of the strings (__data_loc …) that BPF programs are not given.
  const fields = format.fields.filter(
    (field) => field.location === 'inline' && field.offset >= ARGUMENTS_START,
  );
  const args = fields.map((field): HookArgument => {
    const index = (field.offset - ARGUMENTS_START) / ARGUMENT_BYTES;
    return { name: field.name, type: kernel.types.parse(field.type), at: { source: 'argument', index } };
  });
  return markBuffers(args);
}

/** What every system call returns to user space. */
export function syscallReturn(): CType {
  return { kind: 'integer', size: 8, signed: true, bool: false, char: false, text: 'long', typedefs: [] };
}
