import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

export interface SpoolRecord {
  /** Counts up without end, over restarts too. */
  number: number;
  payload: Buffer;
}

interface Segment {
  file: string;
  first: number;
  last: number;
  bytes: number;
}

/** Before each payload: its length and CRC-32 (of the number and the payload) and its number, little-endian. */
const headBytes = 16;
const suffix = '.spool';
/** No record is near this: whatever says so is garbage. */
const mostRecordBytes = 256 << 20;

/**
 * Records on disk, in order, until they are removed from the front: files of a few MB, each named after its first
 * record. A process that was killed leaves at most half a record at the end of the last file, which is cut off; what a
 * power cut garbles is found by its checksum and left out, with what follows it in its file.
 */
export class Spool {
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #segments: Segment[] = [];
  #fd: number | undefined;
  /** The segment that was read last, whole. */
  #cached: { segment: Segment; bytes: number; records: SpoolRecord[] } | undefined;

  /** @throws Error when the directory cannot be made or read */
  constructor(directory: string, segmentBytes = 8 << 20) {
    this.#directory = directory;
    this.#segmentBytes = segmentBytes;
    mkdirSync(directory, { recursive: true });
    for (const file of readdirSync(directory)
      .filter((name) => name.endsWith(suffix))
      .sort()) {
      const segment = recover(join(directory, file));
      if (segment === undefined) rmSync(join(directory, file), { force: true });
      else this.#segments.push(segment);
    }
  }

  /** Of all files. */
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get empty(): boolean {
    return this.#segments.length === 0;
  }

  /** Number of the last record; 0: there is none. */
  get last(): number {
    return this.#segments.at(-1)?.last ?? 0;
  }

  /**
   * @param number greater than that of any record before
   * @throws Error when the disk is full or does not take it: nothing was added
   */
  append(number: number, payload: Uint8Array): void {
    const segment = this.#open(number);
    const head = Buffer.alloc(headBytes);
    head.writeUInt32LE(payload.length, 0);
    head.writeUInt32LE(checksum(number, payload), 4);
    head.writeBigUInt64LE(BigInt(number), 8);
    const size = headBytes + payload.length;
    const fd = this.#fd ?? -1;
    try {
      // A full disk takes a part without complaint.
      const written = writevSync(fd, [head, payload], segment.bytes);
      if (written !== size)
        throw new Error(`only ${written} of ${size} bytes were written: the disk is full`);
    } catch (error) {
      ftruncateSync(fd, segment.bytes);
      if (segment.bytes === 0) this.#forget(segment);
      throw error;
    }
    segment.bytes += size;
    segment.last = number;
  }

  /** The first record behind `number`. */
  after(number: number): SpoolRecord | undefined {
    for (const segment of this.#segments) {
      if (segment.last <= number) continue;
      const record = this.#read(segment).find((candidate) => candidate.number > number);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  /** Records up to and including `number` are not needed any more. Files go when all of theirs are. */
  remove(number: number): void {
    for (const segment of [...this.#segments]) {
      if (segment.last <= number) this.#forget(segment);
    }
  }

  /** Gives up the oldest file whose records are all behind `number`; its records. */
  dropAfter(number: number): SpoolRecord[] | undefined {
    const segment = this.#segments.find(({ first }) => first > number);
    if (segment === undefined) return undefined;
    const records = this.#read(segment);
    this.#forget(segment);
    return records;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(number: number): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && this.#fd !== undefined && last.bytes < this.#segmentBytes) return last;
    this.close();
    const file = join(this.#directory, `${String(number).padStart(16, '0')}${suffix}`);
    this.#fd = openSync(file, 'w', 0o600);
    const segment = { file, first: number, last: number, bytes: 0 };
    this.#segments.push(segment);
    return segment;
  }

  #forget(segment: Segment): void {
    const at = this.#segments.indexOf(segment);
    if (at === this.#segments.length - 1) this.close();
    this.#segments.splice(at, 1);
    if (this.#cached?.segment === segment) this.#cached = undefined;
    rmSync(segment.file, { force: true });
  }

  #read(segment: Segment): SpoolRecord[] {
    const { segment: cached, bytes, records } = this.#cached ?? {};
    if (cached === segment && bytes === segment.bytes && records !== undefined) return records;
    const read = recordsOf(segment.file);
    this.#cached = { segment, bytes: segment.bytes, records: read };
    return read;
  }
}

function checksum(number: number, payload: Uint8Array): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number));
  return crc32(payload, crc32(bytes));
}

/** Whole and unharmed records from the beginning of a file. */
function recordsOf(file: string): SpoolRecord[] {
  const bytes = readIfThere(file);
  const records: SpoolRecord[] = [];
  for (let at = 0; at + headBytes <= bytes.length;) {
    const length = bytes.readUInt32LE(at);
    const number = Number(bytes.readBigUInt64LE(at + 8));
    const end = at + headBytes + length;
    if (length > mostRecordBytes || end > bytes.length) break;
    const payload = bytes.subarray(at + headBytes, end);
    if (checksum(number, payload) !== bytes.readUInt32LE(at + 4)) break;
    records.push({ number, payload });
    at = end;
  }
  return records;
}

/** Cuts what is not a whole record off a file; undefined: nothing is left. Looks at heads only. */
function recover(file: string): Segment | undefined {
  const fd = openSync(file, 'r+');
  try {
    const { size } = fstatSync(fd);
    const head = Buffer.alloc(headBytes);
    let at = 0;
    let first = 0;
    let last = 0;
    while (at + headBytes <= size && readSync(fd, head, 0, headBytes, at) === headBytes) {
      const end = at + headBytes + head.readUInt32LE(0);
      const number = Number(head.readBigUInt64LE(8));
      if (end > size || number <= last || !Number.isSafeInteger(number)) break;
      if (first === 0) first = number;
      last = number;
      at = end;
    }
    if (at < size) ftruncateSync(fd, at);
    return first === 0 ? undefined : { file, first, last, bytes: at };
  } finally {
    closeSync(fd);
  }
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
