import type { BtfKind, BtfReader, BtfType } from './btfReader.ts';
import type { CType, EnumType, IntegerType, PointerType, StructMember, StructType } from './cType.ts';

/** C types of one kernel, from its BTF by id or from the text of a tracefs format. Types are made when looked at. */
export class CTypes {
  readonly #btf: BtfReader | undefined;
  readonly #byId = new Map<number, CType>();
  /** Finding a name takes milliseconds, the more so when it is not there. */
  readonly #parsed = new Map<string, CType>();

  /** @param btf undefined: only the types every C compiler knows have sizes. */
  constructor(btf: BtfReader | undefined) {
    this.#btf = btf;
  }

  /** The BTF type with this id. */
  byId(id: number): CType {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const btf = this.#btf;
    const made = btf === undefined || id === 0 ? VOID : this.#make(btf, btf.type(id));
    this.#byId.set(id, made);
    return made;
  }

  /** Parameters and result of a function known to BTF, or undefined. */
  functionPrototype(name: string): FunctionPrototype | undefined {
    const id = this.#btf?.find('func', name);
    if (id === undefined) return undefined;
    const type = this.#btf?.type(id);
    return type?.kind === 'func' ? this.#prototype(type.type) : undefined;
  }

  /** Parameters and result of the function that a typedef points to, such as btf_trace_sched_switch. */
  typedefPrototype(name: string): FunctionPrototype | undefined {
    const id = this.#btf?.find('typedef', name);
    let type = id === undefined ? undefined : this.#btf?.type(id);
    while (type?.kind === 'typedef' || type?.kind === 'const' || type?.kind === 'ptr') {
      const next = this.#btf?.type(type.type);
      if (next?.kind === 'func_proto') return this.#prototype(type.type);
      type = next;
    }
    return undefined;
  }

  /** Names of all types of a kind, for suggestions. */
  names(kind: BtfKind): Iterable<string> {
    return this.#btf?.names(kind) ?? [];
  }

  /** A structure by its tag. */
  struct(name: string): StructType | undefined {
    const id = this.#btf?.find('struct', name);
    const type = id === undefined ? undefined : this.byId(id);
    return type?.kind === 'struct' ? type : undefined;
  }

  /**
   * A type as C spells it, such as `const char *const *` or `struct sockaddr *`. An unknown name is of kind
   * 'unknown'.
   */
  parse(text: string): CType {
    const known = this.#parsed.get(text);
    if (known !== undefined) return known;
    const made = this.#parse(text);
    this.#parsed.set(text, made);
    return made;
  }

  #parse(text: string): CType {
    const stars = text.split('*').length - 1;
    const isConst = /^\s*const\b|\bconst\s*(\*|$)/.test(text);
    const words = (text.split('*')[0] ?? '')
      .split(/\s+/)
      .filter((word) => word !== '' && !QUALIFIERS.has(word))
      .join(' ');
    let type = this.#named(words);
    for (let depth = 0; depth < stars; depth++) {
      type = pointer(type, { toConst: depth === 0 && isConst, user: text.includes('__user') });
    }
    return type;
  }

  #named(words: string): CType {
    if (words === 'void' || words === '') return VOID;
    const tagged = /^(struct|union|enum) (\w+)$/.exec(words);
    if (tagged !== null) {
      const kind = tagged[1] as 'struct' | 'union' | 'enum';
      const id =
        this.#btf?.find(kind, tagged[2] ?? '') ??
        this.#btf?.find(kind === 'enum' ? 'enum64' : kind, tagged[2] ?? '');
      return id === undefined ? { kind: 'unknown', text: words, typedefs: [] } : this.byId(id);
    }
    const basic = BASIC[words];
    if (basic !== undefined) return basicType(words, basic);
    const id = this.#btf?.find('typedef', words);
    if (id !== undefined) return this.byId(id);
    const fallback = COMMON_TYPEDEFS[words];
    if (fallback !== undefined)
      return { ...basicType(fallback, BASIC[fallback]), char: false, text: words, typedefs: [words] };
    return { kind: 'unknown', text: words, typedefs: [] };
  }

  #make(btf: BtfReader, type: BtfType): CType {
    switch (type.kind) {
      case 'int':
        return {
          kind: 'integer',
          size: type.size,
          signed: type.signed,
          bool: type.bool,
          char: type.size === 1 && /^(signed |unsigned )?char$/.test(type.name),
          text: shortIntegerName(type.name),
          typedefs: [],
        };
      case 'float':
        return { kind: 'float', size: type.size, text: type.name, typedefs: [] };
      case 'ptr':
        return lazyPointer(() => this.byId(type.type), pointerQualifiers(btf, type.type));
      case 'typedef': {
        const inner = this.byId(type.type);
        // Built on the inner type, so that a typedef of a pointer keeps its lazy target.
        return Object.create(inner, {
          text: { value: type.name, enumerable: true },
          typedefs: { value: [type.name, ...inner.typedefs], enumerable: true },
          char: { value: false, enumerable: true },
        }) as CType;
      }
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
      case 'decl_tag':
      case 'var':
        return this.byId(type.type);
      case 'array':
        return lazyArray(() => this.byId(type.elemType), type.length);
      case 'struct':
      case 'union':
        return this.#makeStruct(btf, type);
      case 'enum':
      case 'enum64':
        return {
          kind: 'enum',
          size: type.size,
          signed: type.signed,
          values: type.values,
          text: type.name === '' ? 'enum' : `enum ${type.name}`,
          typedefs: [],
        } satisfies EnumType;
      case 'func':
      case 'func_proto':
        return { kind: 'function', text: 'function', typedefs: [] };
      case 'fwd':
        return {
          kind: 'struct',
          name: type.name,
          union: false,
          size: 0,
          members: [],
          text: `struct ${type.name}`,
          typedefs: [],
        };
      default:
        return VOID;
    }
  }

  #makeStruct(btf: BtfReader, type: BtfType & { kind: 'struct' | 'union' }): StructType {
    const tag = type.name === '' ? '{…}' : type.name;
    let members: StructMember[] | undefined;
    const flatten = (parts: typeof type.members, base: number, seen: number): StructMember[] =>
      parts.flatMap((member) => {
        const inner = member.name === '' && seen < 8 ? aggregate(btf, member.type) : undefined;
        if (inner !== undefined) return flatten(inner.members, base + member.bitOffset, seen + 1);
        // The marks of __cacheline_group_begin() are members of no size.
        if (member.name === '' || member.name.startsWith('__cacheline_group_')) return [];
        const made: StructMember = Object.defineProperty(
          {
            name: member.name,
            bitOffset: base + member.bitOffset,
            bitSize: member.bitField ? member.bitSize : 0,
          } as StructMember,
          'type',
          { get: () => this.byId(member.type), enumerable: true },
        );
        return [made];
      });
    return {
      kind: 'struct',
      name: type.name,
      union: type.kind === 'union',
      size: type.size,
      get members() {
        members ??= flatten(type.members, 0, 0);
        return members;
      },
      text: `${type.kind} ${tag}`,
      typedefs: [],
    };
  }

  #prototype(id: number): FunctionPrototype | undefined {
    const proto = this.#btf?.type(id);
    if (proto?.kind !== 'func_proto') return undefined;
    return {
      parameters: proto.params.map(({ name, type }) => ({ name, type: this.byId(type) })),
      returns: this.byId(proto.returnType),
      variadic: proto.variadic,
    };
  }
}

export interface FunctionPrototype {
  parameters: { name: string; type: CType }[];
  returns: CType;
  variadic: boolean;
}

export const VOID: CType = { kind: 'void', text: 'void', typedefs: [] };

/** An argument of which nothing is known but its 64 bits. */
export const UNTYPED: CType = { kind: 'unknown', text: '64-bit value of unknown type', typedefs: [] };

function pointer(target: CType, qualifiers: { toConst: boolean; user: boolean }): PointerType {
  return lazyPointer(() => target, qualifiers);
}

function lazyPointer(target: () => CType, qualifiers: { toConst: boolean; user: boolean }): PointerType {
  return {
    kind: 'pointer',
    get target() {
      return target();
    },
    get text() {
      const inner = target().text;
      return `${qualifiers.toConst ? 'const ' : ''}${inner}${inner.endsWith('*') ? '' : ' '}*`;
    },
    ...qualifiers,
    typedefs: [],
  };
}

function lazyArray(element: () => CType, count: number): CType {
  return {
    kind: 'array',
    get element() {
      return element();
    },
    get text() {
      return `${element().text}[${count === 0 ? '' : String(count)}]`;
    },
    count,
    typedefs: [],
  };
}

/** Qualifiers between a pointer and what it points to. */
function pointerQualifiers(btf: BtfReader, id: number): { toConst: boolean; user: boolean } {
  const found = { toConst: false, user: false };
  let type = btf.type(id);
  while (
    type.kind === 'const' ||
    type.kind === 'volatile' ||
    type.kind === 'restrict' ||
    type.kind === 'type_tag'
  ) {
    if (type.kind === 'const') found.toConst = true;
    // clang writes "user"; gcc 16 spells the address space of sparse.
    if (type.kind === 'type_tag' && (type.name === 'user' || type.name === 'address_space(1)'))
      found.user = true;
    if (type.type === 0) break;
    type = btf.type(type.type);
  }
  return found;
}

function aggregate(btf: BtfReader, id: number): (BtfType & { kind: 'struct' | 'union' }) | undefined {
  let type = btf.type(id);
  while (type.kind === 'const' || type.kind === 'volatile' || type.kind === 'type_tag')
    type = btf.type(type.type);
  return type.kind === 'struct' || type.kind === 'union' ? type : undefined;
}

/** BTF says "long unsigned int"; people write "unsigned long". */
function shortIntegerName(name: string): string {
  const words = name.split(' ');
  const unsigned = words.includes('unsigned') ? 'unsigned ' : '';
  if (words.includes('char')) return name;
  const longs = words.filter((word) => word === 'long').length;
  if (longs > 0) return unsigned + 'long '.repeat(longs).trim();
  if (words.includes('short')) return `${unsigned}short`;
  return name === '_Bool' ? 'bool' : name;
}

const QUALIFIERS = new Set([
  'const',
  'volatile',
  'restrict',
  '__user',
  '__rcu',
  '__percpu',
  '__iomem',
  '__kernel',
  '__force',
  '__seg_gs',
  '__seg_fs',
]);

type Basic = [size: number, signed: boolean];

const BASIC: Record<string, Basic | undefined> = {
  bool: [1, false],
  _Bool: [1, false],
  char: [1, true],
  'signed char': [1, true],
  'unsigned char': [1, false],
  short: [2, true],
  'short int': [2, true],
  'unsigned short': [2, false],
  'short unsigned int': [2, false],
  int: [4, true],
  signed: [4, true],
  'signed int': [4, true],
  unsigned: [4, false],
  'unsigned int': [4, false],
  long: [8, true],
  'long int': [8, true],
  'unsigned long': [8, false],
  'unsigned long int': [8, false],
  'long unsigned int': [8, false],
  'long long': [8, true],
  'long long int': [8, true],
  'unsigned long long': [8, false],
  'long long unsigned int': [8, false],
};

function basicType(name: string, basic: Basic | undefined): IntegerType {
  const [size, signed] = basic ?? [8, false];
  return {
    kind: 'integer',
    size,
    signed,
    bool: name === 'bool' || name === '_Bool',
    char: name.endsWith('char'),
    text: name,
    typedefs: [],
  };
}

/** Typedefs of system call arguments, for kernels without BTF. From include/linux/types.h of 64-bit kernels. */
const COMMON_TYPEDEFS: Record<string, string | undefined> = {
  u8: 'unsigned char',
  u16: 'unsigned short',
  u32: 'unsigned int',
  u64: 'unsigned long long',
  s8: 'signed char',
  s16: 'short',
  s32: 'int',
  s64: 'long long',
  __u8: 'unsigned char',
  __u16: 'unsigned short',
  __u32: 'unsigned int',
  __u64: 'unsigned long long',
  __s32: 'int',
  __s64: 'long long',
  uint: 'unsigned int',
  size_t: 'unsigned long',
  ssize_t: 'long',
  loff_t: 'long long',
  off_t: 'long',
  pid_t: 'int',
  uid_t: 'unsigned int',
  gid_t: 'unsigned int',
  qid_t: 'unsigned int',
  umode_t: 'unsigned short',
  dev_t: 'unsigned int',
  key_t: 'int',
  mqd_t: 'int',
  timer_t: 'int',
  clockid_t: 'int',
  key_serial_t: 'int',
  rwf_t: 'int',
  aio_context_t: 'unsigned long',
};
