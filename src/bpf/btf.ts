import { readdirSync } from 'node:fs';
import { addon, type NativeBtf } from './addon.ts';

/** The kinds that have a name to be found by, as bpftool spells them. */
export type BtfKind = Exclude<BtfType['kind'], 'void' | 'unknown'>;

export interface BtfMember {
  /** Empty for an anonymous struct or union. */
  name: string;
  /** Id of its type. */
  type: number;
  /** From the beginning of the struct. */
  bitOffset: number;
  /** Of a bit-field its width, otherwise the type's size in bits: 0 for a flexible array or an incomplete type. */
  bitSize: number;
  bitField: boolean;
}

export interface BtfParam {
  /** Empty where the kernel's build lost it. */
  name: string;
  type: number;
}

export interface BtfEnumValue {
  name: string;
  value: bigint;
}

interface Named {
  /** The id, valid in this Btf (and in those of modules on top of it). */
  id: number;
  /** Empty for anonymous types. */
  name: string;
}

/** A type; sizes in bytes; other types are ids, 0 is void. */
export type BtfType = Named &
  (
    | { kind: 'void' | 'unknown' }
    | { kind: 'int'; size: number; bits: number; signed: boolean; bool: boolean; char: boolean }
    | { kind: 'ptr' | 'typedef' | 'volatile' | 'const' | 'restrict' | 'type_tag' | 'var'; type: number }
    | { kind: 'array'; elemType: number; indexType: number; length: number }
    | { kind: 'struct' | 'union'; size: number; members: BtfMember[] }
    | { kind: 'enum' | 'enum64'; size: number; signed: boolean; values: BtfEnumValue[] }
    | { kind: 'fwd'; union: boolean }
    | { kind: 'func'; type: number; linkage: 'static' | 'global' | 'extern' }
    | { kind: 'func_proto'; returnType: number; params: BtfParam[]; variadic: boolean }
    | { kind: 'datasec'; size: number; variables: { type: number; offset: number; size: number }[] }
    | { kind: 'float'; size: number }
    | { kind: 'decl_tag'; type: number; component: number }
  );

/**
 * The types and functions of a kernel, a module or a file. The kernel's holds some 150,000 types, of which only those
 * that are asked for become JavaScript values; open it once and pass it around. close() frees it (about 10 MB).
 */
export class Btf implements Disposable {
  readonly #native: NativeBtf;

  /** Use Btf.vmlinux, Btf.module or Btf.file. */
  private constructor(native: NativeBtf) {
    this.#native = native;
  }

  /** The running kernel's, from /sys/kernel/btf/vmlinux. */
  static vmlinux(): Btf {
    return new Btf(addon().Btf.vmlinux());
  }

  /** A loaded module's; ids below `vmlinux.typeCount` are the kernel's own. It stays valid when vmlinux is closed. */
  static module(name: string, vmlinux: Btf): Btf {
    return new Btf(vmlinux.#native.module(name));
  }

  /** Modules that are loaded and have BTF. */
  static modules(): string[] {
    return readdirSync('/sys/kernel/btf').filter((name) => name !== 'vmlinux');
  }

  /** Raw BTF, or an ELF file with a .BTF section. */
  static file(path: string): Btf {
    return new Btf(addon().Btf.file(path));
  }

  /** "vmlinux", the module's name or the file's path. */
  get name(): string {
    return this.#native.name();
  }

  /** Ids are less than this. */
  get typeCount(): number {
    return this.#native.typeCount();
  }

  /** @throws TypeError when there is no such id */
  type(id: number): BtfType {
    return this.#native.type(id);
  }

  /** The id of the first type of that kind and name; a module's Btf finds the kernel's types too. */
  find(kind: BtfKind, name: string): number | undefined {
    return this.#native.find(kind, name);
  }

  /** The id behind typedefs, qualifiers (const, volatile, restrict) and type tags. */
  resolve(id: number): number {
    return this.#native.resolve(id);
  }

  /** Bytes; undefined for void, functions and incomplete types. */
  sizeOf(id: number): number | undefined {
    return this.#native.sizeOf(id);
  }

  /** The parameters and the return type of a function, or undefined when there is none of that name. */
  prototype(name: string): Extract<BtfType, { kind: 'func_proto' }> | undefined {
    const id = this.find('func', name);
    const declared = id === undefined ? undefined : this.type(id);
    const proto = declared?.kind === 'func' ? this.type(declared.type) : undefined;
    return proto?.kind === 'func_proto' ? proto : undefined;
  }

  /**
   * Names of functions, without those of the kernel when this is a module's.
   * @param pattern only those that match: an expression, or a text in which * is any text and ? any character
   */
  functions(pattern?: string | RegExp): string[] {
    return this.names('func', pattern);
  }

  /** Names of all types of a kind; patterns as for functions(). */
  names(kind: BtfKind, pattern?: string | RegExp): string[] {
    const names = this.#native.names(kind);
    if (pattern === undefined) return names;
    const expression = typeof pattern === 'string' ? fromGlob(pattern) : pattern;
    return names.filter((name) => expression.test(name));
  }

  /** Closing twice is fine. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function fromGlob(pattern: string): RegExp {
  const body = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${body}$`);
}
