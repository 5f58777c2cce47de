import { BpfError } from '../../../bpf/index.ts';
import type { Hook, HookPrograms } from '../hook.ts';
import type { KernelView } from '../kernelView.ts';
import { BinaryUnreadableError, UnknownSymbolError } from '../planError.ts';
import type { Place } from '../planError.ts';
import { UNTYPED } from '../cTypes.ts';
import { requireFeature } from '../requireFeature.ts';

const ARGUMENT_WORDS = 6;

/**
 * A function of a program or library, by uprobe or uretprobe.
 * @param path of the file on this host
 */
export function uprobeHook(
  type: 'uprobe' | 'uretprobe',
  symbol: string,
  path: string,
  kernel: KernelView,
  places: { attach: Place; binary: Place },
): Hook {
  const functions = readFunctions(path, kernel, places.binary);
  // symbol@version and symbol@@version name one of several versions of a library's function.
  const plain = symbol.replace(/@.*$/, '');
  if (!functions.some((name) => name === symbol || name.replace(/@.*$/, '') === plain)) {
    const stripped = functions.length === 0 ? ': it has no symbol table at all (stripped)' : '';
    throw new UnknownSymbolError(
      places.attach,
      `${path} has no function ${symbol}${stripped}`,
      symbol,
      functions,
    );
  }
  const isReturn = type === 'uretprobe';
  return {
    values: {
      what: `function ${symbol} of ${path}`,
      noun: 'argument',
      args: [],
      untyped: ARGUMENT_WORDS,
      retval: UNTYPED,
      withoutReturn: undefined,
      userPointers: true,
    },
    interrupts: false,
    notes: ['calls that the compiler inlined into their callers are not seen'],
    atReturn: isReturn,
    returnOnly: isReturn,
    programs({ args, retval, duration }): HookPrograms {
      requireFeature('uprobe', `${type}/${symbol}`, kernel, places.attach);
      const entry = { type: 'uprobe', path, symbol } as const;
      const exit = { type: 'uretprobe', path, symbol } as const;
      if (duration || (isReturn && args) || (!isReturn && retval)) {
        return {
          programs: [
            { object: 'kprobe', program: 'enter', role: 'entry', hook: entry },
            { object: 'kprobe', program: 'leave', role: 'exit', hook: exit },
          ],
          notes: [],
        };
      }
      const single = { object: 'kprobe', role: 'single' } as const;
      return {
        programs: [
          isReturn
            ? { ...single, program: 'single_return', hook: exit }
            : { ...single, program: 'single', hook: entry },
        ],
        notes: [],
      };
    },
  };
}

function readFunctions(path: string, kernel: KernelView, place: Place): readonly string[] {
  try {
    return kernel.elfFunctions(path);
  } catch (error) {
    const why =
      error instanceof BpfError && error.details.length > 0 ? error.details.join('; ') : message(error);
    throw new BinaryUnreadableError(
      place,
      `${path} is no program or library that uprobes can be attached to: ${why}`,
    );
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
