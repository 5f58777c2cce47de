import type { FilterPath } from '../cel/scope.ts';
import { MAX_STEPS } from '../limits.ts';
import type { ValueSource } from '../plan.ts';
import { aType, sizeOf } from './cType.ts';
import type { CType, StructType } from './cType.ts';
import { UNTYPED } from './cTypes.ts';
import type { HookArgument, HookValues } from './hookValues.ts';
import type { Place } from './planError.ts';
import { NotAPointerError, UnknownFieldError, UnsupportedError } from './planError.ts';
import { formatValuePath } from './valuePath.ts';

/** Not in user memory: ValuePlan.userFrom of values that are kernel memory throughout. */
export const NOT_USER = 255;

/** Where a path has led: an object of some C type, and how a program gets there. */
export interface Walked {
  type: CType;
  source: ValueSource;
  index: number;
  /** register: the object is (part of) the 64-bit value of the source. memory: it lies at steps, then offset. */
  place: 'register' | 'memory';
  steps: number[];
  /** Bits from where the steps end, or from bit 0 of the register. */
  bitOffset: number;
  /** Width of a bit-field, 0: none. */
  bitSize: number;
  /** Number of the first read of user memory, NOT_USER: none. */
  userFrom: number;
  /** Pointers at this hook lead to user memory. */
  userPointers: boolean;
  /** The path as far as walked, for messages. */
  text: string;
  /** The argument it began with, where it was not led any further. */
  argument?: HookArgument;
}

/**
 * Follows a path such as ['args', 'dentry', 'd_name', 'name'] from what a hook offers.
 * @throws {UnknownFieldError | NotAPointerError | UnsupportedError} with the part that is wrong.
 */
export function walkValue(path: FilterPath, values: HookValues, place: Place): Walked {
  const [root] = path;
  let at: Walked;
  let next: number;
  if (root === 'args') {
    at = startAtArgument(path, values, place);
    next = 2;
  } else if (root === 'retval' || root === 'duration') {
    at = startAtReturn(root, values, place);
    next = 1;
  } else {
    const type = EVENT_VALUES.get(root);
    if (type === undefined) {
      throw new UnknownFieldError(place, `${root} is no value of ${values.what}`, root, rootNames(values), 0);
    }
    // comm is the address of an array in the record's header.
    at = { ...start(root, type, root as ValueSource), place: root === 'comm' ? 'memory' : 'register' };
    next = 1;
  }
  for (let part = next; part < path.length; part++) {
    const step = path[part] ?? '';
    const text = formatValuePath(path, part + 1);
    at = typeof step === 'number' ? index(at, step, part, place) : member(at, step, part, place);
    at.text = text;
    if (at.steps.length > MAX_STEPS) {
      throw new UnsupportedError(
        place,
        'steps',
        `${text} follows more than ${String(MAX_STEPS)} pointers, which is as far as one value can be: capture a pointer on the way as Uint64, or begin at a nearer one`,
        part,
      );
    }
  }
  return at;
}

/** Names a path may begin with here. */
export function rootNames(values: HookValues): string[] {
  return [
    ...(values.args.length > 0 || values.untyped > 0 ? ['args'] : []),
    ...(values.retval === undefined ? [] : ['retval']),
    ...(values.withoutReturn === undefined ? ['duration'] : []),
  ];
}

/** Arguments as they can be written: args.NAME, or args[N] for those without a name. */
export function argumentNames(values: HookValues): string[] {
  return values.args.map((argument, index) => (argument.name === '' ? `[${String(index)}]` : argument.name));
}

function startAtArgument(path: FilterPath, values: HookValues, place: Place): Walked {
  const wanted = path[1];
  if (wanted === undefined) {
    throw new UnknownFieldError(
      place,
      `args alone is no value: say which ${values.noun}`,
      '',
      argumentNames(values),
      0,
    );
  }
  const argument =
    typeof wanted === 'number' ? numberedArgument(wanted, values) : namedArgument(wanted, values);
  if (argument === undefined) {
    const which =
      typeof wanted === 'number' ? `${values.noun} number ${String(wanted)}` : `${values.noun} ${wanted}`;
    throw new UnknownFieldError(
      place,
      `${values.what} has no ${which}`,
      typeof wanted === 'number' ? '' : wanted,
      argumentNames(values),
      1,
    );
  }
  const text = formatValuePath(path, 2);
  if (argument.unreadable !== undefined) {
    throw new UnsupportedError(place, 'argument', `${text} cannot be read: ${argument.unreadable}`, 1);
  }
  const { at } = argument;
  return {
    type: argument.type,
    source: at.source,
    index: at.source === 'argument' ? at.index : 0,
    place: at.source === 'argument' ? 'register' : 'memory',
    steps: [],
    bitOffset: at.source === 'argument' ? 0 : at.offset * 8,
    bitSize: 0,
    userFrom: NOT_USER,
    userPointers: values.userPointers,
    text,
    argument,
  };
}

function namedArgument(name: string, values: HookValues): HookArgument | undefined {
  const found = values.args.find((argument) => argument.name === name);
  if (found !== undefined) return found;
  // Where there are no names, people know them as arg0, arg1, …
  const numbered = /^arg(\d)$/.exec(name);
  return numbered === null ? undefined : numberedArgument(Number(numbered[1]), values);
}

function numberedArgument(index: number, values: HookValues): HookArgument | undefined {
  const known = values.args[index];
  if (known !== undefined) return known;
  if (index >= values.untyped) return undefined;
  return { name: '', type: UNTYPED, at: { source: 'argument', index } };
}

function startAtReturn(root: 'retval' | 'duration', values: HookValues, place: Place): Walked {
  if (values.withoutReturn !== undefined) {
    throw new UnknownFieldError(
      place,
      `${values.what} has no ${root} here: ${values.withoutReturn}`,
      '',
      [],
      0,
    );
  }
  if (root === 'duration') return start('duration', NANOSECONDS, 'duration');
  if (values.retval === undefined) {
    throw new UnknownFieldError(place, `${values.what} has no retval: it returns void`, '', [], 0);
  }
  return { ...start('retval', values.retval, 'return'), userPointers: values.userPointers };
}

const NANOSECONDS: CType = unsigned(8, 'nanoseconds');

/** Values of the current task that every event has and programs can load. */
const EVENT_VALUES = new Map<string, CType>([
  ['pid', unsigned(4, 'process id')],
  ['tid', unsigned(4, 'thread id')],
  ['ppid', unsigned(4, 'process id')],
  ['uid', unsigned(4, 'user id')],
  ['gid', unsigned(4, 'group id')],
  [
    'comm',
    {
      kind: 'array',
      element: { ...unsigned(1, 'char'), char: true },
      count: 16,
      text: 'char[16]',
      typedefs: [],
    },
  ],
]);

function unsigned(size: number, text: string): CType & { kind: 'integer' } {
  return { kind: 'integer', size, signed: false, bool: false, char: false, text, typedefs: [] };
}

function start(text: string, type: CType, source: ValueSource = 'none'): Walked {
  return {
    type,
    source,
    index: 0,
    place: 'register',
    steps: [],
    bitOffset: 0,
    bitSize: 0,
    userFrom: NOT_USER,
    userPointers: false,
    text,
  };
}

/** The object that a pointer at `at` leads to. */
export function dereference(at: Walked): Walked {
  if (at.type.kind !== 'pointer') throw new TypeError(`${at.text} is no pointer`);
  const user = at.userFrom !== NOT_USER || at.userPointers || at.type.user;
  const steps = at.place === 'register' ? at.steps : [...at.steps, at.bitOffset / 8];
  return {
    ...withoutArgument(at),
    type: at.type.target,
    place: 'memory',
    steps,
    bitOffset: 0,
    bitSize: 0,
    userFrom: user ? Math.min(at.userFrom, steps.length) : NOT_USER,
  };
}

/** What is known of the argument as a whole does not hold for its parts. */
function withoutArgument(at: Walked): Walked {
  const part = { ...at };
  delete part.argument;
  return part;
}

/** A member of a structure or of what a pointer leads to; undefined when it has none of that name. */
export function memberOf(at: Walked, name: string): Walked | undefined {
  const object = at.type.kind === 'pointer' ? dereference(at) : at;
  if (object.type.kind !== 'struct') return undefined;
  const found = object.type.members.find((entry) => entry.name === name);
  if (found === undefined) return undefined;
  return {
    ...withoutArgument(object),
    type: found.type,
    bitOffset: object.bitOffset + found.bitOffset,
    bitSize: found.bitSize,
  };
}

function member(at: Walked, name: string, part: number, place: Place): Walked {
  const struct = structBehind(at, part, place);
  const found = memberOf(at, name);
  if (found !== undefined) return found;
  if (struct.members.length === 0) {
    throw new UnsupportedError(
      place,
      'btf',
      `${at.text} is ${aType(at.type)}, whose members this kernel's type information does not tell`,
      part,
    );
  }
  throw new UnknownFieldError(
    place,
    `${struct.text} (${at.text}) has no member ${name} on this kernel`,
    name,
    struct.members.map((entry) => entry.name),
    part,
  );
}

function structBehind(at: Walked, part: number, place: Place): StructType {
  const type = at.type.kind === 'pointer' ? at.type.target : at.type;
  if (type.kind === 'struct') return type;
  if (type.kind === 'pointer') {
    throw new NotAPointerError(
      place,
      `${at.text} is ${aType(at.type)}, a pointer to a pointer: say which one with [0] before the member`,
      part,
    );
  }
  if (type.kind === 'array') {
    throw new NotAPointerError(
      place,
      `${at.text} is an array (${at.type.text}): say which element with [0] before the member`,
      part,
    );
  }
  if (type.kind === 'unknown') {
    throw new NotAPointerError(
      place,
      `${at.text} is ${aType(at.type)} that this kernel's type information does not describe, so its members are not known`,
      part,
    );
  }
  const why =
    at.type.kind === 'pointer'
      ? `${aType(at.type)}, which leads to no structure`
      : `${aType(at.type)}, no pointer and no structure`;
  throw new NotAPointerError(place, `${at.text} is ${why}, so it has no members`, part);
}

function index(at: Walked, number: number, part: number, place: Place): Walked {
  if (at.source === 'dataLoc' || at.source === 'relLoc') {
    throw new UnsupportedError(
      place,
      'dataLoc',
      `${at.text} has no fixed place in the record, so it can only be captured as a whole (type String or Bytes)`,
      part,
    );
  }
  const object = at.type.kind === 'pointer' ? dereference(at) : at;
  const element =
    at.type.kind === 'pointer' ? at.type.target : at.type.kind === 'array' ? at.type.element : undefined;
  if (element === undefined) {
    throw new NotAPointerError(
      place,
      `${at.text} is ${aType(at.type)}, no array and no pointer, so [${String(number)}] means nothing`,
      part,
    );
  }
  const size = sizeOf(element);
  if (size === undefined || size === 0) {
    throw new NotAPointerError(
      place,
      `${at.text} is ${aType(at.type)}, whose elements have no known size`,
      part,
    );
  }
  if (at.type.kind === 'array' && at.type.count > 0 && number >= at.type.count) {
    throw new UnknownFieldError(
      place,
      `${at.text} has ${String(at.type.count)} elements, [0] to [${String(at.type.count - 1)}], so [${String(number)}] is beyond its end`,
      '',
      [],
      part,
    );
  }
  return {
    ...withoutArgument(object),
    type: element,
    bitOffset: object.bitOffset + number * size * 8,
    bitSize: 0,
  };
}
