import { Buffer } from 'node:buffer';

/** Of ELF's section header: Elf64_Shdr in elf.h. */
const shOffset = 0x18;
const shSize = 0x20;

/**
 * A BPF object file without its source lines: neither their text in .BTF nor the table of them in .BTF.ext. They are
 * two fifths of what the kernel keeps for a loaded program, and only the verifier's log and bpftool show them.
 * Everything that loading needs stays. (llvm-strip takes off DWARF alone, or all of BTF.)
 * @param file a Buffer: an ELF file of clang -target bpf, 64 bits, little-endian; it is not changed
 * @returns a copy, or `file` itself where there is nothing to leave out or something that is not understood
 */
export function withoutSourceLines(file) {
  try {
    const copy = Buffer.from(file);
    const sections = readSections(copy);
    const types = sections.get('.BTF');
    const extension = sections.get('.BTF.ext');
    if (types === undefined || extension === undefined) return file;
    const oldTypes = sectionBytes(file, types);
    const strings = new StringTable(oldTypes);
    // Both are read before either is written: together they name the strings that stay.
    const newExtension = extensionWithoutLines(sectionBytes(file, extension), strings);
    const newTypes = typesWithFewerStrings(oldTypes, strings);
    replace(copy, types, newTypes);
    replace(copy, extension, newExtension);
    return copy;
  } catch (error) {
    // A type of a newer compiler, or offsets beyond the file, of which libbpf will have more to say.
    if (error.name === 'RangeError') return file;
    throw error;
  }
}

/** By name: where each section lies in the file, and where its header does. */
function readSections(file) {
  // EI_CLASS 2, EI_DATA 1: 64 bits, little-endian.
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) throw new RangeError('no ELF');
  const table = Number(file.readBigUInt64LE(0x28));
  const entrySize = file.readUInt16LE(0x3a);
  const count = file.readUInt16LE(0x3c);
  const read = (index) => {
    const header = table + index * entrySize;
    const offset = Number(file.readBigUInt64LE(header + shOffset));
    const size = Number(file.readBigUInt64LE(header + shSize));
    return { header, offset, size, name: file.readUInt32LE(header) };
  };
  const names = read(file.readUInt16LE(0x3e));
  const all = Array.from({ length: count }, (_, index) => read(index));
  return new Map(all.map((section) => [textAt(file, names.offset + section.name), section]));
}

function textAt(bytes, offset) {
  const end = bytes.indexOf(0, offset);
  if (end < 0) throw new RangeError('a string without end');
  return bytes.toString('latin1', offset, end);
}

function sectionBytes(file, { offset, size }) {
  if (offset + size > file.length) throw new RangeError('a section beyond the file');
  return Buffer.from(file.subarray(offset, offset + size));
}

/** What is shorter than before leaves a hole of zeros behind it, of which ELF thinks nothing. */
function replace(file, { header, offset, size }, bytes) {
  if (bytes.length > size) throw new RangeError('a section that grew');
  file.fill(0, offset, offset + size);
  bytes.copy(file, offset);
  file.writeBigUInt64LE(BigInt(bytes.length), header + shSize);
}

/** Strings that are used, moved together. */
class StringTable {
  #from;
  #offsets = new Map([[0, 0]]);
  #kept = [Buffer.alloc(1)]; // the first one is empty
  #size = 1;

  constructor(types) {
    const { stringsAt, stringsEnd } = btfHeader(types);
    if (stringsEnd > types.length) throw new RangeError('strings beyond the section');
    this.#from = types.subarray(stringsAt, stringsEnd);
  }

  /** Replaces the offset of a string that stays. */
  move(bytes, position) {
    const old = bytes.readUInt32LE(position);
    let moved = this.#offsets.get(old);
    if (moved === undefined) {
      const text = Buffer.from(`${textAt(this.#from, old)}\0`, 'latin1');
      moved = this.#size;
      this.#offsets.set(old, moved);
      this.#kept.push(text);
      this.#size += text.length;
    }
    bytes.writeUInt32LE(moved, position);
  }

  bytes() {
    return Buffer.concat(this.#kept);
  }
}

/** struct btf_header in include/uapi/linux/btf.h, with offsets from the section's start. */
function btfHeader(bytes) {
  if (bytes.readUInt16LE(0) !== 0xeb9f) throw new RangeError('no BTF');
  const length = bytes.readUInt32LE(4);
  const typesAt = length + bytes.readUInt32LE(8);
  const stringsAt = length + bytes.readUInt32LE(16);
  return {
    length,
    typesAt,
    typesEnd: typesAt + bytes.readUInt32LE(12),
    stringsAt,
    stringsEnd: stringsAt + bytes.readUInt32LE(20),
  };
}

/** What follows a struct btf_type, by its kind: bytes once, and bytes for each of its members, perhaps a name first. */
const trailers = {
  1: { once: 4 }, // INT
  2: {}, // PTR
  3: { once: 12 }, // ARRAY
  4: { each: 12, named: true }, // STRUCT
  5: { each: 12, named: true }, // UNION
  6: { each: 8, named: true }, // ENUM
  7: {}, // FWD
  8: {}, // TYPEDEF
  9: {}, // VOLATILE
  10: {}, // CONST
  11: {}, // RESTRICT
  12: {}, // FUNC
  13: { each: 8, named: true }, // FUNC_PROTO
  14: { once: 4 }, // VAR
  15: { each: 12 }, // DATASEC
  16: {}, // FLOAT
  17: { once: 4 }, // DECL_TAG
  18: {}, // TYPE_TAG
  19: { each: 12, named: true }, // ENUM64
};

/** The section with every type as it was, but with the strings of `strings` and nothing else. */
function typesWithFewerStrings(bytes, strings) {
  const { length, typesAt, typesEnd } = btfHeader(bytes);
  for (let at = typesAt; at < typesEnd;) {
    strings.move(bytes, at);
    const info = bytes.readUInt32LE(at + 4);
    const kind = (info >> 24) & 0x1f;
    const members = info & 0xffff;
    const { once = 0, each = 0, named = false } = trailers[kind] ?? unknownKind(kind);
    at += 12 + once;
    for (let member = 0; member < members && each > 0; member++) {
      if (named) strings.move(bytes, at);
      at += each;
    }
  }
  const types = bytes.subarray(typesAt, typesEnd);
  const kept = strings.bytes();
  const header = Buffer.from(bytes.subarray(0, length));
  header.writeUInt32LE(0, 8);
  header.writeUInt32LE(types.length, 12);
  header.writeUInt32LE(types.length, 16); // the kernel wants no gap between types and strings
  header.writeUInt32LE(kept.length, 20);
  return Buffer.concat([header, types, kept]);
}

function unknownKind(kind) {
  throw new RangeError(`types of kind ${kind}`);
}

/** .BTF.ext (struct btf_ext_header in libbpf): functions and relocations stay, lines go. */
function extensionWithoutLines(bytes, strings) {
  if (bytes.readUInt16LE(0) !== 0xeb9f) throw new RangeError('no BTF');
  const length = bytes.readUInt32LE(4);
  const part = (field) => {
    const at = length + bytes.readUInt32LE(field);
    return bytes.subarray(at, at + bytes.readUInt32LE(field + 4));
  };
  const functions = part(8);
  const relocations = length >= 32 ? part(24) : Buffer.alloc(0); // of a compiler older than CO-RE: none
  for (const { section } of recordsOf(functions)) strings.move(functions, section);
  for (const { section, records, recordSize } of recordsOf(relocations)) {
    strings.move(relocations, section);
    // struct bpf_core_relo: { insn_off, type_id, access_str_off, kind }
    for (const record of records) if (recordSize >= 12) strings.move(relocations, record + 8);
  }
  const header = Buffer.from(bytes.subarray(0, length));
  header.writeUInt32LE(0, 8);
  header.writeUInt32LE(functions.length, 12);
  header.writeUInt32LE(functions.length, 16);
  header.writeUInt32LE(0, 20);
  if (length >= 32) {
    header.writeUInt32LE(functions.length, 24);
    header.writeUInt32LE(relocations.length, 28);
  }
  return Buffer.concat([header, functions, relocations]);
}

/** A part of .BTF.ext: the size of a record, then for every ELF section its name, a number and so many records. */
function* recordsOf(part) {
  if (part.length === 0) return;
  const recordSize = part.readUInt32LE(0);
  for (let at = 4; at < part.length;) {
    const section = at;
    const count = part.readUInt32LE(at + 4);
    const records = Array.from({ length: count }, (_, index) => section + 8 + index * recordSize);
    yield { section, records, recordSize };
    at += 8 + count * recordSize;
  }
}
