import type { ColumnType } from '../plan.ts';
import { sizeOf, structName } from './cType.ts';
import type { ArrayType, CType } from './cType.ts';
import { dereference, memberOf } from './walkValue.ts';
import type { Walked } from './walkValue.ts';

/**
 * What a value's C type is good for; `at` is where the thing itself lies (behind the pointer, if the value is one).
 * text: NUL-terminated unless `limit` bytes come first. bytes: an array of `size` bytes, 0: not known. struct:
 * a structure that stands for nothing readable. address: 4 or 16 bytes of an IP address.
 */
export type ValueShape =
  | { is: 'integer'; names?: Record<string, bigint> }
  | { is: 'text'; at: Walked; limit?: number }
  | { is: 'bytes' | 'struct'; at: Walked; size: number }
  | { is: 'path' | 'dentry' | 'sockaddr'; at: Walked }
  | { is: 'address'; at: Walked; size: 4 | 16 }
  | { is: 'strings' | 'pointer' | 'untyped' | 'nothing' };

/**
 * Structures that only wrap a value, and the members that lead to it. From include/linux/{types,refcount,uidgid,
 * mnt_idmapping,capability,dcache,fs}.h.
 */
const WRAPPERS: Record<string, string[] | undefined> = {
  atomic_t: ['counter'],
  atomic64_t: ['counter'],
  atomic_long_t: ['counter'],
  refcount_struct: ['refs', 'counter'],
  kuid_t: ['val'],
  kgid_t: ['val'],
  vfsuid_t: ['val'],
  vfsgid_t: ['val'],
  kernel_cap_t: ['val'],
  qstr: ['name'],
  filename: ['name'],
};

const SOCKADDRS = new Set([
  'sockaddr',
  'sockaddr_unsized',
  'sockaddr_in',
  'sockaddr_in6',
  'sockaddr_un',
  'sockaddr_storage',
  '__kernel_sockaddr_storage',
]);

/** The value inside a structure that only wraps one, or the value itself. */
export function seeThrough(at: Walked): Walked {
  const struct = at.type.kind === 'pointer' ? at.type.target : at.type;
  if (struct.kind !== 'struct') return at;
  const members = [struct.name, ...struct.typedefs]
    .map((name) => WRAPPERS[name])
    .find((found) => found !== undefined);
  let inner: Walked | undefined = at;
  for (const name of members ?? []) inner = inner === undefined ? undefined : memberOf(inner, name);
  return inner === undefined || inner === at ? at : { ...inner, text: at.text };
}

/** @param at after seeThrough */
export function valueShape(at: Walked): ValueShape {
  const { type } = at;
  switch (type.kind) {
    case 'integer':
      if (type.size > 8)
        return at.place === 'memory' ? { is: 'bytes', at, size: type.size } : { is: 'nothing' };
      return { is: 'integer', ...(at.argument?.symbols && { names: at.argument.symbols }) };
    case 'enum':
      return {
        is: 'integer',
        names: Object.fromEntries(type.values.map(({ name, value }) => [name, value])),
      };
    case 'pointer':
      return behindPointer(at, type.target);
    case 'struct':
      if (at.place === 'register') return { is: 'nothing' };
      return knownStruct(at) ?? { is: 'struct', at, size: type.size };
    case 'array':
      return arrayShape(at, type);
    case 'unknown':
      return { is: at.place === 'register' ? 'untyped' : 'nothing' };
    default:
      return { is: 'nothing' };
  }
}

/** The column type that fits best; undefined: none does by itself. */
export function naturalType(at: Walked, shape: ValueShape): ColumnType | undefined {
  switch (shape.is) {
    case 'integer':
      if (at.source === 'duration') return 'Duration';
      if (at.type.kind === 'integer' && at.type.bool) return 'Bool';
      return at.type.kind === 'integer' && !at.type.signed ? 'Uint64' : 'Int64';
    case 'text':
    case 'strings':
      return 'String';
    case 'path':
    case 'dentry':
      return 'Path';
    case 'sockaddr':
    case 'address':
      return 'Ip';
    case 'bytes':
      return shape.size > 0 || at.source === 'dataLoc' || at.source === 'relLoc' ? 'Bytes' : undefined;
    case 'pointer':
      return at.type.kind === 'pointer' && at.type.target.kind === 'struct' ? undefined : 'Uint64';
    case 'untyped':
      // Most results are signed numbers, errors among them.
      return at.source === 'return' ? 'Int64' : 'Uint64';
    case 'struct':
    case 'nothing':
      return undefined;
  }
}

function behindPointer(at: Walked, target: CType): ValueShape {
  if (isChar(target)) return { is: 'text', at: dereference(at) };
  if (target.kind === 'struct') return knownStruct(dereference(at)) ?? { is: 'pointer' };
  // Only user-space programs pass char *[]; the kernel has hardly any.
  const userStrings = target.kind === 'pointer' && isChar(target.target) && (at.userPointers || target.user);
  return { is: userStrings ? 'strings' : 'pointer' };
}

/** Structures that stand for something people read; `at` is the structure itself, in memory. */
function knownStruct(at: Walked): ValueShape | undefined {
  const name = structName(at.type) ?? '';
  if (name === 'dentry' || name === 'path') return { is: name, at };
  if (name === 'file') {
    const path = memberOf(at, 'f_path');
    return path === undefined ? undefined : { is: 'path', at: path };
  }
  if (SOCKADDRS.has(name)) return { is: 'sockaddr', at };
  if (name === 'in_addr') return { is: 'address', at, size: 4 };
  if (name === 'in6_addr') return { is: 'address', at, size: 16 };
  return undefined;
}

function arrayShape(at: Walked, { element, count }: ArrayType): ValueShape {
  if (isChar(element)) return { is: 'text', at, ...(count > 0 && { limit: count }) };
  const size = (sizeOf(element) ?? 0) * count;
  const prints = at.argument?.prints;
  if (prints === 'ip' && (size === 4 || size === 16)) return { is: 'address', at, size };
  if (prints === 'sockaddr') return { is: 'sockaddr', at };
  return { is: 'bytes', at, size };
}

function isChar(type: CType): boolean {
  return type.kind === 'integer' && type.char;
}
