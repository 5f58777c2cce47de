import type { Btf } from '../../bpf/index.ts';

interface Field {
  offset: number;
  size: number;
}

/**
 * Where the members of a C struct lie in raw bytes, as the BTF of a BPF object tells. A member is named by its path:
 * "beat", "file.inode", "rules.3.prefix".
 */
export class KernelStruct {
  readonly #btf: Btf;
  readonly #id: number;
  readonly #fields = new Map<string, Field>();
  readonly name: string;
  /** Bytes. */
  readonly size: number;

  /**
   * @param btf must stay open
   * @throws RangeError when there is no such struct
   */
  constructor(btf: Btf, name: string) {
    const id = btf.find('struct', name);
    if (id === undefined) throw new RangeError(`${btf.name} has no struct ${name}`);
    this.#btf = btf;
    this.#id = id;
    this.name = name;
    this.size = btf.sizeOf(id) ?? 0;
  }

  /** @throws RangeError when there is no such member */
  field(path: string): Field {
    const known = this.#fields.get(path);
    if (known !== undefined) return known;
    let id = this.#id;
    let offset = 0;
    for (const part of path.split('.')) {
      const type = this.#btf.type(this.#btf.resolve(id));
      if (type.kind === 'array' && Number(part) < type.length) {
        id = type.elemType;
        offset += Number(part) * (this.#btf.sizeOf(id) ?? 0);
        continue;
      }
      const member = type.kind === 'struct' ? type.members.find(({ name }) => name === part) : undefined;
      if (member === undefined) throw new RangeError(`struct ${this.name} has no ${path}`);
      id = member.type;
      offset += member.bitOffset / 8;
    }
    const field = { offset, size: this.#btf.sizeOf(id) ?? 0 };
    this.#fields.set(path, field);
    return field;
  }

  /** An unsigned integer of 4 or 8 bytes. */
  get(bytes: Buffer, path: string): bigint {
    const { offset, size } = this.field(path);
    return size === 4 ? BigInt(bytes.readUInt32LE(offset)) : bytes.readBigUInt64LE(offset);
  }

  number(bytes: Buffer, path: string): number {
    return Number(this.get(bytes, path));
  }

  set(bytes: Buffer, path: string, value: bigint | number): void {
    const { offset, size } = this.field(path);
    if (size === 4) bytes.writeUInt32LE(Number(value), offset);
    else bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), offset);
  }

  /** The bytes of a member: a nested struct or a char array. */
  bytes(bytes: Buffer, path: string): Buffer {
    const { offset, size } = this.field(path);
    return bytes.subarray(offset, offset + size);
  }

  /** A char array up to its NUL. */
  text(bytes: Buffer, path: string): string {
    const array = this.bytes(bytes, path);
    const end = array.indexOf(0);
    return array.toString('utf8', 0, end < 0 ? array.length : end);
  }

  /** @throws RangeError when it does not fit with its NUL */
  setText(bytes: Buffer, path: string, text: string): void {
    const array = this.bytes(bytes, path);
    const length = Buffer.byteLength(text);
    if (length >= array.length) {
      throw new RangeError(`${path} of struct ${this.name} takes ${array.length - 1} bytes, not '${text}'`);
    }
    array.fill(0);
    array.write(text);
  }
}
