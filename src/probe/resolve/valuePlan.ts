import type { ValuePlan } from '../plan.ts';
import { sizeOf } from './cType.ts';
import { NOT_USER } from './walkValue.ts';
import type { Walked } from './walkValue.ts';

/** How a program loads the integer (or pointer, enum, bit-field) that a path led to. At most 8 bytes. */
export function integerOf(at: Walked, signed: boolean): ValuePlan {
  const swapped = networkBytes(at);
  const loaded = hostInteger(at, signed, swapped);
  return swapped === undefined ? loaded : { ...loaded, swapped };
}

/**
 * Bytes of a number in network order, told by its typedef: __be16, __be32 or __be64. Where names of its values are
 * known they are those of the value as it is.
 */
function networkBytes(at: Walked): ValuePlan['swapped'] {
  if (at.type.kind !== 'integer' || at.bitSize !== 0 || at.argument?.symbols !== undefined) return undefined;
  const { size, typedefs } = at.type;
  if (size !== 2 && size !== 4 && size !== 8) return undefined;
  return typedefs.includes(`__be${size * 8}`) ? size : undefined;
}

function hostInteger(at: Walked, signed: boolean, swapped: ValuePlan['swapped']): ValuePlan {
  const size = sizeOf(at.type) ?? 8;
  const bits = at.bitSize === 0 ? size * 8 : at.bitSize;
  if (at.place === 'register') {
    // A program takes a whole argument without looking at it again.
    const whole = at.bitOffset === 0 && bits === 64 && swapped === undefined;
    return plan(at, 0, 0, whole ? { shift: 0, bits: 0, signed } : { shift: at.bitOffset, bits, signed });
  }
  if (at.bitSize === 0) {
    return plan(at, at.bitOffset / 8, loadSize(size), { shift: 0, bits: 0, signed });
  }
  return plan(at, ...bitFieldLoad(at.bitOffset, bits, signed));
}

/** How a program gets the address of the object that a path led to; it lies in memory. */
export function addressOf(at: Walked): ValuePlan {
  const offset = at.bitOffset / 8;
  const whole = { shift: 0, bits: 0, signed: false };
  const last = at.steps.at(-1);
  // The address is itself a pointer in memory: load it instead of following it, which saves a step.
  if (offset === 0 && last !== undefined)
    return plan({ ...at, steps: at.steps.slice(0, -1) }, last, 8, whole);
  const address = plan(at, offset, 0, whole);
  return at.source === 'context' && at.steps.length === 0
    ? { ...address, source: 'contextAddress' }
    : address;
}

/** A value that every event has, or the duration: nothing is read from memory. */
export function wholeValue(source: ValuePlan['source'], signed: boolean): ValuePlan {
  return { source, index: 0, steps: [], userFrom: NOT_USER, size: 0, offset: 0, shift: 0, bits: 0, signed };
}

interface BitRange {
  shift: number;
  bits: number;
  signed: boolean;
}

function plan(at: Walked, offset: number, size: ValuePlan['size'], range: BitRange): ValuePlan {
  const reads = at.steps.length + (size === 0 ? 0 : 1);
  return {
    source: at.source,
    index: at.index,
    steps: at.steps,
    userFrom: at.userFrom < reads ? at.userFrom : NOT_USER,
    size,
    offset,
    ...range,
  };
}

/**
 * The smallest load that holds `bits` bits from bit `bitOffset`, little-endian, and where in it they are. Aligned
 * where the bits allow it, as C compilers lay bit-fields out: then it does not read behind the structure.
 */
export function bitFieldLoad(
  bitOffset: number,
  bits: number,
  signed: boolean,
): [offset: number, size: ValuePlan['size'], range: BitRange] {
  for (const size of [1, 2, 4, 8] as const) {
    const shift = bitOffset % (size * 8);
    if (shift + bits <= size * 8) return [(bitOffset - shift) / 8, size, { shift, bits, signed }];
  }
  // Of a packed structure.
  const shift = bitOffset % 8;
  return [(bitOffset - shift) / 8, loadSize(Math.ceil((shift + bits) / 8)), { shift, bits, signed }];
}

function loadSize(bytes: number): 1 | 2 | 4 | 8 {
  if (bytes <= 1) return 1;
  if (bytes <= 2) return 2;
  return bytes <= 4 ? 4 : 8;
}
