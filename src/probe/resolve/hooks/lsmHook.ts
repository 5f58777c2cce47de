import type { Hook } from '../hook.ts';
import type { KernelView } from '../kernelView.ts';
import { UnknownFunctionError } from '../planError.ts';
import type { Place } from '../planError.ts';
import { prototypeArguments } from '../prototypeArguments.ts';
import { requireFeature } from '../requireFeature.ts';

const ARGUMENT_WORDS = 6;
const FUNCTION = 'bpf_lsm_';

/** A security hook of the kernel, called before an operation is allowed. The program only watches. */
export function lsmHook(name: string, kernel: KernelView, place: Place): Hook {
  const prototype = kernel.types.functionPrototype(`${FUNCTION}${name}`);
  if (prototype === undefined) {
    const names = [...kernel.types.names('func')]
      .filter((candidate) => candidate.startsWith(FUNCTION))
      .map((candidate) => candidate.slice(FUNCTION.length));
    throw new UnknownFunctionError(
      place,
      `this kernel (${kernel.release}) has no LSM hook ${name}`,
      name,
      names,
    );
  }
  return {
    values: {
      what: `LSM hook ${name}`,
      noun: 'argument',
      args: prototypeArguments(prototype, ARGUMENT_WORDS),
      untyped: 0,
      retval: undefined,
      withoutReturn: `the hook asks whether something may happen, before it does; kprobe/security_${name} has the answer`,
      userPointers: false,
    },
    // Some network hooks run in soft interrupts.
    interrupts: true,
    notes: ['not called when a security module before bpf in the list lsm= has already said no'],
    atReturn: false,
    returnOnly: false,
    programs() {
      requireFeature('lsm', `lsm/${name}`, kernel, place);
      return {
        programs: [{ object: 'lsm', program: 'single', role: 'single', hook: { type: 'lsm', hook: name } }],
        notes: [],
      };
    },
  };
}
