/** A C type as far as probes care: resolved through typedef, const and volatile, but remembering how it was spelt. */
export type CType =
  | VoidType
  | IntegerType
  | FloatType
  | EnumType
  | PointerType
  | ArrayType
  | StructType
  | FunctionType
  | UnknownType;

interface Spelt {
  /** As C spells it, e.g. `const char *`. */
  readonly text: string;
  /** Names of the typedefs passed through, outermost first, e.g. ['__be32', '__u32']. */
  readonly typedefs: readonly string[];
}

export interface VoidType extends Spelt {
  readonly kind: 'void';
}

export interface IntegerType extends Spelt {
  readonly kind: 'integer';
  /** Bytes; 16 for __int128. */
  readonly size: number;
  readonly signed: boolean;
  readonly bool: boolean;
  /** char, signed char or unsigned char by that very name: text rather than a number. */
  readonly char: boolean;
}

export interface FloatType extends Spelt {
  readonly kind: 'float';
  readonly size: number;
}

export interface EnumType extends Spelt {
  readonly kind: 'enum';
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly { name: string; value: bigint }[];
}

export interface PointerType extends Spelt {
  readonly kind: 'pointer';
  readonly target: CType;
  /** Known to point to user memory (__user, where the compiler recorded it). */
  readonly user: boolean;
  /** What it points to is const. */
  readonly toConst: boolean;
}

export interface ArrayType extends Spelt {
  readonly kind: 'array';
  readonly element: CType;
  /** 0: a flexible array. */
  readonly count: number;
}

export interface StructType extends Spelt {
  readonly kind: 'struct';
  /** Its tag; empty when anonymous. */
  readonly name: string;
  readonly union: boolean;
  /** Bytes; 0: only declared, its members are not known. */
  readonly size: number;
  /** Anonymous structures and unions are spliced in. */
  readonly members: readonly StructMember[];
}

export interface StructMember {
  readonly name: string;
  readonly type: CType;
  /** From the start of the structure. */
  readonly bitOffset: number;
  /** Width of a bit-field, 0: none. */
  readonly bitSize: number;
}

export interface FunctionType extends Spelt {
  readonly kind: 'function';
}

/** A name that this kernel does not describe. */
export interface UnknownType extends Spelt {
  readonly kind: 'unknown';
}

/** Bytes that a value of this type takes; undefined where it has no size. Both architectures are 64-bit. */
export function sizeOf(type: CType): number | undefined {
  switch (type.kind) {
    case 'integer':
    case 'float':
    case 'enum':
      return type.size;
    case 'pointer':
      return 8;
    case 'array': {
      const size = sizeOf(type.element);
      return size === undefined ? undefined : size * type.count;
    }
    case 'struct':
      return type.size === 0 && type.members.length === 0 ? undefined : type.size;
    default:
      return undefined;
  }
}

/** The type as a sentence says it: `an int`, `a struct file *`. */
export function aType(type: CType): string {
  return `${/^([aeio]|unsigned)/.test(type.text) ? 'an' : 'a'} ${type.text}`;
}

/** The name by which a structure is known: its tag, or the typedef of an anonymous one. */
export function structName(type: CType): string | undefined {
  if (type.kind !== 'struct') return undefined;
  return type.name === '' ? type.typedefs.at(-1) : type.name;
}
