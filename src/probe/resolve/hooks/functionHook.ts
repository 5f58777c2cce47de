import type { Attachment } from '../attachment.ts';
import { aType, sizeOf } from '../cType.ts';
import { UNTYPED } from '../cTypes.ts';
import type { FunctionPrototype } from '../cTypes.ts';
import type { KernelFunction } from '../functionLookup.ts';
import type { Hook, HookProgram, HookPrograms, HookUses } from '../hook.ts';
import type { HookValues } from '../hookValues.ts';
import type { KernelView } from '../kernelView.ts';
import { CannotProbeError, UnknownFunctionError } from '../planError.ts';
import type { Place } from '../planError.ts';
import { prototypeArguments } from '../prototypeArguments.ts';
import { requireFeature } from '../requireFeature.ts';
import { SLEEPERS_NOTE } from './notes.ts';

type FunctionAttachment = Attachment & { type: 'kprobe' | 'kretprobe' | 'fentry' | 'fexit' };

/** Words of arguments that kprobe.bpf.c and trace.bpf.c fetch. */
const ARGUMENT_WORDS = 6;

interface Target {
  name: string;
  found: KernelFunction;
  prototype: FunctionPrototype | undefined;
}

/** A function of the kernel, by kprobe, kretprobe, fentry or fexit. */
export function functionHook(attachment: FunctionAttachment, kernel: KernelView, place: Place): Hook {
  const name = attachment.function;
  const attach = `${attachment.type}/${name}`;
  const found = kernel.functions.find(name);
  if (found === undefined) throw unknownFunction(name, kernel, place);
  const types = found.module === undefined ? kernel.types : kernel.moduleTypes(found.module);
  const target: Target = { name, found, prototype: types?.functionPrototype(name) };
  const values = functionValues(attachment, target);
  const common = { values, interrupts: true, function: name };
  if (attachment.type === 'fentry' || attachment.type === 'fexit') {
    const obstacle = trampolineObstacle(target, kernel);
    if (obstacle !== undefined) {
      throw new CannotProbeError(place, `${attach} cannot be attached: ${obstacle}; kprobe/${name} may do`);
    }
    const atReturn = attachment.type === 'fexit';
    return {
      ...common,
      notes: ambiguity(target),
      atReturn,
      returnOnly: false,
      programs({ duration }): HookPrograms {
        requireFeature(attachment.type, attach, kernel, place);
        return { programs: atReturn ? fexitPrograms(name, duration) : [fentryProgram(name)], notes: [] };
      },
    };
  }
  refuseUnprobeable(attach, target, kernel, place);
  const isReturn = attachment.type === 'kretprobe';
  return {
    ...common,
    notes: target.prototype === undefined ? [untypedNote(target)] : [],
    atReturn: isReturn,
    returnOnly: isReturn,
    programs: (uses) =>
      isReturn ? kretprobe(target, uses, kernel, place) : kprobe(target, uses, kernel, place),
  };
}

function functionValues({ type }: FunctionAttachment, { name, prototype }: Target): HookValues {
  const returns = prototype?.returns;
  return {
    what: `function ${name}`,
    noun: 'argument',
    args: prototype === undefined ? [] : prototypeArguments(prototype, ARGUMENT_WORDS),
    untyped: prototype === undefined ? ARGUMENT_WORDS : 0,
    retval: returns?.kind === 'void' ? undefined : (returns ?? UNTYPED),
    withoutReturn: type === 'fentry' ? `fentry runs before the function: use fexit/${name}` : undefined,
    userPointers: false,
  };
}

/** kprobe: the entry; with retval or duration fexit where the kernel has it, otherwise a kretprobe. */
function kprobe(target: Target, uses: HookUses, kernel: KernelView, place: Place): HookPrograms {
  const { name } = target;
  const attach = `kprobe/${name}`;
  if (!uses.retval && !uses.duration) {
    requireFeature('kprobe', attach, kernel, place);
    return {
      programs: [
        { object: 'kprobe', program: 'single', role: 'single', hook: { type: 'kprobe', function: name } },
      ],
      notes: [],
    };
  }
  const { supported, reason } = kernel.features.probe('fexit');
  const obstacle = supported
    ? trampolineObstacle(target, kernel)
    : `this kernel (${kernel.release}) has no fexit${reason === undefined ? '' : ` (${reason})`}`;
  if (obstacle === undefined) {
    return {
      programs: fexitPrograms(name, uses.duration),
      notes: ['attached by fexit, for the result or the duration'],
    };
  }
  requireFeature('kretprobe', `${attach} with retval or duration`, kernel, place);
  return {
    programs: kprobePair(name),
    notes: [`attached by kprobe and kretprobe, because ${obstacle}. ${SLEEPERS_NOTE}`],
  };
}

function kretprobe({ name }: Target, uses: HookUses, kernel: KernelView, place: Place): HookPrograms {
  requireFeature('kretprobe', `kretprobe/${name}`, kernel, place);
  const programs: HookProgram[] =
    uses.args || uses.duration
      ? kprobePair(name)
      : [
          {
            object: 'kprobe',
            program: 'single_return',
            role: 'single',
            hook: { type: 'kretprobe', function: name },
          },
        ];
  return { programs, notes: [SLEEPERS_NOTE] };
}

function kprobePair(name: string): HookProgram[] {
  return [
    { object: 'kprobe', program: 'enter', role: 'entry', hook: { type: 'kprobe', function: name } },
    { object: 'kprobe', program: 'leave', role: 'exit', hook: { type: 'kretprobe', function: name } },
  ];
}

function fentryProgram(name: string): HookProgram {
  return { object: 'trace', program: 'single', role: 'single', hook: { type: 'fentry', function: name } };
}

/** fexit sees arguments and result; only the duration needs a program at the entry as well. */
function fexitPrograms(name: string, duration: boolean): HookProgram[] {
  const hook = { type: 'fexit', function: name } as const;
  if (!duration) return [{ object: 'trace', program: 'single_return', role: 'single', hook }];
  return [
    { object: 'trace', program: 'enter', role: 'entry', hook: { type: 'fentry', function: name } },
    { object: 'trace', program: 'leave', role: 'exit', hook },
  ];
}

/** Why fentry and fexit cannot be attached to a function that kprobes may well reach; undefined: they can. */
function trampolineObstacle({ name, found, prototype }: Target, kernel: KernelView): string | undefined {
  if (prototype === undefined) {
    const where = found.module === undefined ? 'the kernel' : `module ${found.module}`;
    return `the type information of ${where} does not describe ${name}`;
  }
  if (found.traceable === false) return `ftrace cannot attach to ${name}`;
  if (prototype.variadic) return `${name} takes a variable number of arguments`;
  const large = prototype.parameters.find(({ type }) => (sizeOf(type) ?? 8) > 16);
  if (large !== undefined)
    return `argument ${large.name} of ${name} is ${aType(large.type)}, too large for a trampoline`;
  const words = prototype.parameters.reduce((sum, { type }) => sum + ((sizeOf(type) ?? 8) > 8 ? 2 : 1), 0);
  const { most, structures } = trampolineLimits(kernel);
  if (words > most)
    return `${name} takes ${String(words)} words of arguments, a trampoline of this kernel at most ${String(most)}`;
  const passed = prototype.parameters.find(({ type }) => type.kind === 'struct');
  if (passed !== undefined && !structures) {
    return `argument ${passed.name} of ${name} is a structure passed by value, which trampolines of this kernel do not take`;
  }
  return undefined;
}

/**
 * Words of arguments, and whether structures may be among them: arch/x86/net/bpf_jit_comp.c (six words until 6.6),
 * arch/arm64/net/bpf_jit_comp.c (eight words and no structures until 6.16).
 */
function trampolineLimits({ architecture, release }: KernelView): { most: number; structures: boolean } {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  const since = (wantedMajor: number, wantedMinor: number): boolean =>
    major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  if (architecture === 'x64') return { most: since(6, 6) ? 12 : 6, structures: true };
  return { most: since(6, 16) ? 12 : 8, structures: since(6, 16) };
}

function refuseUnprobeable(attach: string, { name, found }: Target, kernel: KernelView, place: Place): void {
  if (found.blacklisted === true) {
    throw new CannotProbeError(
      place,
      `${attach} cannot be attached: the kernel forbids probes on ${name} (it runs where a breakpoint would be fatal)`,
    );
  }
  if (found.count > 1) {
    throw new CannotProbeError(
      place,
      `${attach} cannot be attached: this kernel (${kernel.release}) has ${String(found.count)} functions of that name, and a probe by name cannot say which`,
    );
  }
}

function ambiguity({ name, found }: Target): string[] {
  if (found.count < 2) return [];
  return [`this kernel has ${String(found.count)} functions called ${name}; only one of them is traced`];
}

function untypedNote({ name, found }: Target): string {
  const where = found.module === undefined ? 'this kernel' : `module ${found.module}`;
  return `the type information of ${where} does not describe ${name}: its arguments are args[0] to args[5], without types`;
}

function unknownFunction(name: string, kernel: KernelView, place: Place): UnknownFunctionError {
  const { functions, release } = kernel;
  // The compiler makes copies: foo.isra.0, foo.constprop.0, foo.part.0.
  const names = [...functions.names()];
  if (names.length === 0) {
    const message = `cannot tell whether this kernel has a function ${name}: /proc/kallsyms is not readable`;
    return new UnknownFunctionError(place, message, name, []);
  }
  return new UnknownFunctionError(
    place,
    `this kernel (${release}) has no function ${name} that probes can reach: it may be inlined, renamed, or in a module that is not loaded`,
    name,
    names,
  );
}
