import { aType, sizeOf } from './cType.ts';
import type { FunctionPrototype } from './cTypes.ts';
import { markBuffers } from './markBuffers.ts';
import type { HookArgument } from './hookValues.ts';

/**
 * Arguments of a kernel function: which 64-bit words of the calling convention hold each. A structure of up to 16
 * bytes takes one or two words; a greater one lies on the stack (x86-64) or behind a hidden pointer (arm64).
 * @param words that the program fetches
 */
export function prototypeArguments(prototype: FunctionPrototype, words: number): HookArgument[] {
  let next = 0;
  const args = prototype.parameters.map(({ name, type }): HookArgument => {
    const size = sizeOf(type) ?? 8;
    const argument: HookArgument = { name, type, at: { source: 'argument', index: next } };
    if (size > 16) return { ...argument, unreadable: `${aType(type)} is passed in memory, not in registers` };
    if (type.kind === 'float') return { ...argument, unreadable: 'floating-point registers are not seen' };
    const taken = size > 8 ? 2 : 1;
    next += taken;
    if (next > words) {
      return { ...argument, unreadable: `only the first ${String(words)} words of arguments are seen` };
    }
    // Of two words a program can load either, but a value lies in one.
    if (taken === 2) return { ...argument, unreadable: `${aType(type)} is passed in two registers` };
    return argument;
  });
  return markBuffers(args);
}
