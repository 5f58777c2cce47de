import { sizeOf } from '../cType.ts';
import type { CType } from '../cType.ts';
import type { Hook } from '../hook.ts';
import type { HookArgument } from '../hookValues.ts';
import type { KernelView } from '../kernelView.ts';
import { UnknownTracepointError, UnsupportedError } from '../planError.ts';
import type { Place } from '../planError.ts';
import { requireFeature } from '../requireFeature.ts';
import { viaIoUring } from '../syscallFacts.ts';
import { COMPAT_NOTE, IO_URING_NOTE } from './notes.ts';
import type { TracepointField } from '../tracepointFormat.ts';

/** A tracepoint by its record, whose fields tracefs describes. */
export function tracepointHook(category: string, name: string, kernel: KernelView, place: Place): Hook {
  const missing = kernel.tracefs.unavailable();
  if (missing !== undefined) {
    throw new UnsupportedError(place, 'tracefs', `tracepoints are found through tracefs: ${missing}`);
  }
  const format = kernel.tracefs.format(category, name);
  if (format === undefined) {
    const full = `${category}/${name}`;
    throw new UnknownTracepointError(
      place,
      `this kernel (${kernel.release}) has no tracepoint ${full}`,
      full,
      kernel.tracefs.tracepoints(),
    );
  }
  const isSyscall = category === 'syscalls';
  const notes: string[] = [];
  if (isSyscall || category === 'raw_syscalls') {
    notes.push(COMPAT_NOTE);
    if (isSyscall && viaIoUring.has(name.replace(/^sys_(enter|exit)_/, ''))) {
      notes.push(IO_URING_NOTE);
    }
  }
  return {
    values: {
      what: `tracepoint ${category}/${name}`,
      noun: 'field',
      args: format.fields.map((field) => argumentOf(field, isSyscall, kernel)),
      untyped: 0,
      retval: undefined,
      withoutReturn: isSyscall
        ? `use syscall/${name.replace(/^sys_(enter|exit)_/, '')}, which pairs entry and exit`
        : 'a tracepoint is one moment, not a call',
      userPointers: isSyscall && name.startsWith('sys_enter_'),
    },
    interrupts: !isSyscall,
    notes,
    atReturn: false,
    returnOnly: false,
    programs() {
      requireFeature('tracepoint', `tracepoint/${category}/${name}`, kernel, place);
      const hook = { type: 'tracepoint', category, name } as const;
      return { programs: [{ object: 'tracepoint', program: 'single', role: 'single', hook }], notes: [] };
    },
  };
}

function argumentOf(field: TracepointField, isSyscall: boolean, kernel: KernelView): HookArgument {
  const extras = {
    ...(field.symbols && { symbols: field.symbols }),
    ...(field.prints && { prints: field.prints }),
  };
  const source = field.location === 'inline' ? 'context' : field.location;
  const argument: HookArgument = {
    name: field.name,
    type: fieldType(field, isSyscall, kernel),
    at: { source, offset: field.offset },
    ...extras,
  };
  if (isSyscall && field.location !== 'inline') {
    return { ...argument, unreadable: 'the kernel gives BPF programs only the arguments, not this copy' };
  }
  return argument;
}

/** Size and sign are the format's, names the kernel's type information. */
function fieldType(field: TracepointField, isSyscall: boolean, kernel: KernelView): CType {
  const type = kernel.types.parse(field.type);
  if (field.array) {
    const known = sizeOf(type);
    const element = known === undefined || known === 0 ? integer('unsigned char', 1, false, []) : type;
    const count = field.location === 'inline' ? Math.floor(field.size / (sizeOf(element) ?? 1)) : 0;
    return {
      kind: 'array',
      element,
      count,
      text: `${field.type}[${count === 0 ? '' : String(count)}]`,
      typedefs: [],
    };
  }
  if (type.kind === 'pointer' || type.kind === 'struct') return type;
  // A system call's arguments take 8 bytes each whatever their type: there the type is right.
  if (isSyscall && (type.kind === 'integer' || type.kind === 'enum')) return type;
  if (type.kind === 'enum' && type.size === field.size) return type;
  if (![1, 2, 4, 8].includes(field.size)) return type;
  const isBool = type.kind === 'integer' && type.bool && field.size === 1;
  return { ...integer(field.type, field.size, field.signed, type.typedefs), bool: isBool };
}

function integer(
  text: string,
  size: number,
  signed: boolean,
  typedefs: readonly string[],
): CType & { kind: 'integer' } {
  return { kind: 'integer', size, signed, bool: false, char: false, text, typedefs };
}
