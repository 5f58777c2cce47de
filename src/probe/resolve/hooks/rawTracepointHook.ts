import type { FunctionPrototype } from '../cTypes.ts';
import type { Hook } from '../hook.ts';
import type { KernelView } from '../kernelView.ts';
import { UnknownTracepointError, UnsupportedError } from '../planError.ts';
import type { Place } from '../planError.ts';
import { prototypeArguments } from '../prototypeArguments.ts';
import { requireFeature } from '../requireFeature.ts';

/** TP_MAX_ARGS: no raw tracepoint has more. */
const ARGUMENT_WORDS = 12;
const TYPEDEF = 'btf_trace_';

/** A tracepoint before its record is made: the arguments of the kernel's own trace_NAME(). */
export function rawTracepointHook(name: string, kernel: KernelView, place: Place): Hook {
  const prototype = rawPrototype(name, kernel);
  if (prototype === undefined) throw unknown(name, kernel, place);
  return {
    values: {
      what: `raw tracepoint ${name}`,
      noun: 'argument',
      args: prototypeArguments(prototype, ARGUMENT_WORDS),
      untyped: 0,
      retval: undefined,
      withoutReturn: 'a tracepoint is one moment, not a call',
      userPointers: false,
    },
    interrupts: true,
    notes: [],
    atReturn: false,
    returnOnly: false,
    programs() {
      requireFeature('rawTracepoint', `raw_tracepoint/${name}`, kernel, place);
      return {
        programs: [
          {
            object: 'raw_tracepoint',
            program: 'single',
            role: 'single',
            hook: { type: 'rawTracepoint', name },
          },
        ],
        notes: [],
      };
    },
  };
}

/** The typedef tells the types; the names of the arguments are in the function that calls the programs. */
function rawPrototype(name: string, kernel: KernelView): FunctionPrototype | undefined {
  const declared = kernel.types.typedefPrototype(`${TYPEDEF}${name}`);
  if (declared === undefined) return undefined;
  const [, ...parameters] = declared.parameters; // the first is the kernel's own: void *__data
  const named =
    kernel.types.functionPrototype(`__bpf_trace_${name}`) ??
    kernel.types.functionPrototype(`__traceiter_${name}`);
  const names = named?.parameters.slice(1) ?? [];
  return {
    ...declared,
    parameters: parameters.map(({ name: own, type }, index) => ({
      name: own === '' && names.length === parameters.length ? (names[index]?.name ?? '') : own,
      type,
    })),
  };
}

function unknown(name: string, kernel: KernelView, place: Place): UnknownTracepointError | UnsupportedError {
  const names = [...kernel.types.names('typedef')]
    .filter((candidate) => candidate.startsWith(TYPEDEF))
    .map((candidate) => candidate.slice(TYPEDEF.length));
  if (names.length === 0) {
    return new UnsupportedError(
      place,
      'btf',
      `raw tracepoints are found through the kernel's type information, which this kernel (${kernel.release}) lacks (CONFIG_DEBUG_INFO_BTF): use tracepoint/CATEGORY/NAME`,
    );
  }
  return new UnknownTracepointError(
    place,
    `this kernel (${kernel.release}) has no raw tracepoint ${name}`,
    name,
    names,
  );
}
