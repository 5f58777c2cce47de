import type { BtfKind, BtfMember, BtfReader, BtfType } from '../resolve/btfReader.ts';

type WithoutId<T> = T extends { id: number } ? Omit<T, 'id'> : never;

interface MemberSpec {
  name: string;
  type: number;
  /** In bytes, or for bit-fields in bits. */
  offset?: number;
  bitOffset?: number;
  bitSize?: number;
}

/** Type information written by hand, for tests: each method adds a type and returns its id. */
export class FakeBtf implements BtfReader {
  readonly #types: BtfType[] = [{ id: 0, kind: 'void', name: '' }];

  add(type: WithoutId<BtfType>): number {
    const id = this.#types.length;
    this.#types.push({ ...type, id });
    return id;
  }

  int(name: string, size: number, signed = true): number {
    const found = this.find('int', name);
    if (found !== undefined) return found;
    const bool = name === '_Bool';
    return this.add({ kind: 'int', name, size, bits: size * 8, signed, bool, char: false });
  }

  pointer(type: number): number {
    return this.add({ kind: 'ptr', name: '', type });
  }

  qualified(kind: 'const' | 'volatile' | 'restrict', type: number): number {
    return this.add({ kind, name: '', type });
  }

  typeTag(name: string, type: number): number {
    return this.add({ kind: 'type_tag', name, type });
  }

  typedef(name: string, type: number): number {
    return this.add({ kind: 'typedef', name, type });
  }

  array(elemType: number, length: number): number {
    return this.add({
      kind: 'array',
      name: '',
      elemType,
      indexType: this.int('unsigned int', 4, false),
      length,
    });
  }

  struct(name: string, size: number, members: MemberSpec[], kind: 'struct' | 'union' = 'struct'): number {
    return this.add({ kind, name, size, members: members.map(memberOf) });
  }

  /** A structure whose members are given later, by complete(): for those that point to themselves. */
  declare(name: string): number {
    return this.struct(name, 0, []);
  }

  complete(id: number, size: number, members: MemberSpec[]): void {
    const declared = this.type(id);
    if (declared.kind !== 'struct') throw new TypeError(`${id} is no structure`);
    declared.size = size;
    declared.members = members.map(memberOf);
  }

  enumeration(name: string, values: Record<string, bigint>, signed = false): number {
    const list = Object.entries(values).map(([key, value]) => ({ name: key, value }));
    return this.add({ kind: 'enum', name, size: 4, signed, values: list });
  }

  /** @param params name to type */
  prototype(returnType: number, params: Record<string, number>, variadic = false): number {
    const list = Object.entries(params).map(([name, type]) => ({ name, type }));
    return this.add({ kind: 'func_proto', name: '', returnType, params: list, variadic });
  }

  func(name: string, returnType: number, params: Record<string, number>, variadic = false): number {
    return this.add({
      kind: 'func',
      name,
      type: this.prototype(returnType, params, variadic),
      linkage: 'static',
    });
  }

  find(kind: BtfKind, name: string): number | undefined {
    return this.#types.find((type) => type.kind === kind && type.name === name)?.id;
  }

  type(id: number): BtfType {
    const found = this.#types[id];
    if (found === undefined) throw new TypeError(`there is no type ${id}`);
    return found;
  }

  names(kind: BtfKind): string[] {
    return this.#types.filter((type) => type.kind === kind).map((type) => type.name);
  }
}

function memberOf({ name, type, offset = 0, bitOffset, bitSize }: MemberSpec): BtfMember {
  return {
    name,
    type,
    bitOffset: bitOffset ?? offset * 8,
    bitSize: bitSize ?? 0,
    bitField: bitSize !== undefined,
  };
}
