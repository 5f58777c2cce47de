import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { PositionsError } from './positionsError.ts';
import { busy, mostAttempts, unreadable } from './readNotes.ts';

/** Bytes of pages that one reading may take: also ends cycles that garbage may have. */
const mostBytes = 64 * 1024 * 1024;
/** Levels of branches; bbolt itself gets by with five. */
const mostDepth = 16;

// go.etcd.io/bbolt internal/common (version 2 of the file format), little-endian as all machines with agents are.
const magic = 0xed0cdaed;
const version = 2;
const pageHeader = 16;
const metaBytes = 64;
const elementBytes = 16;
const bucketHeader = 16;
const branchPage = 0x01;
const leafPage = 0x02;
const bucketElement = 0x01;

interface Meta {
  pageSize: number;
  /** Page of the bucket of all buckets. */
  root: bigint;
  /** Pages from this on are not in use. */
  pages: bigint;
  transaction: bigint;
}

/** Content that is not what bbolt writes: garbage, or pages that were overwritten while they were read. */
class MalformedError extends Error {}

/**
 * The values of a bucket in a bbolt database whose keys are wanted, without a lock and while its owner goes on writing:
 * a transaction writes to no page that the last one uses, and its meta page at its end. So what was read under a meta
 * page is whole when that is still the newest one afterwards. Throws a PositionsError.
 */
export async function readBoltBucket(
  file: string,
  bucket: string,
  wanted: (key: string) => boolean,
): Promise<Map<string, Buffer>> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const meta = await newestMeta(handle, file);
      const result = await new BoltReader(handle, meta).bucket(bucket, wanted).catch((error: unknown) => {
        if (error instanceof MalformedError) return error;
        throw error;
      });
      if ((await newestMeta(handle, file)).transaction !== meta.transaction) continue;
      if (result instanceof MalformedError) throw garbled(file, result.message);
      return result;
    }
  } catch (error) {
    throw error instanceof PositionsError ? error : unreadable(file, error);
  }
  throw busy(file);
}

function garbled(file: string, why: string): PositionsError {
  return new PositionsError(
    'Garbled',
    file,
    why,
    'name a file or the directory of a file_storage of the OpenTelemetry Collector',
  );
}

/** Of the two meta pages that which is valid and newer: the other may be half written. */
async function newestMeta(handle: FileHandle, file: string): Promise<Meta> {
  const first = await metaAt(handle, 0, file);
  // A first page that is not whole does not say how long it is.
  const sizes = first === undefined ? [1024, 2048, 4096, 8192, 16384, 32768, 65536] : [first.pageSize];
  let newest = first;
  for (const size of sizes) {
    const second = await metaAt(handle, size, file);
    if (second?.pageSize !== size) continue;
    if (newest === undefined || second.transaction > newest.transaction) newest = second;
    break;
  }
  if (newest === undefined) throw garbled(file, 'neither of its first two pages is one of a bbolt database');
  return newest;
}

async function metaAt(handle: FileHandle, offset: number, file: string): Promise<Meta | undefined> {
  const bytes = Buffer.alloc(pageHeader + metaBytes);
  await handle.read(bytes, 0, bytes.length, offset);
  const meta = bytes.subarray(pageHeader);
  if (meta.readUInt32LE(0) !== magic || meta.readBigUInt64LE(56) !== fnv1a(meta.subarray(0, 56)))
    return undefined;
  if (meta.readUInt32LE(4) !== version) {
    throw new PositionsError(
      'UnknownVersion',
      file,
      `its format has version ${meta.readUInt32LE(4)}, and ${version} is what is known`,
      'leave until.positions out until TraceProbe knows it',
    );
  }
  const pageSize = meta.readUInt32LE(8);
  if (pageSize < 1024 || pageSize > 65536) return undefined;
  return {
    pageSize,
    root: meta.readBigUInt64LE(16),
    pages: meta.readBigUInt64LE(40),
    transaction: meta.readBigUInt64LE(48),
  };
}

/** FNV-1a of 64 bits. */
function fnv1a(bytes: Uint8Array): bigint {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n);
  return hash;
}

interface Leaf {
  key: string;
  value: Buffer;
  isBucket: boolean;
}

/** Walks the pages of one transaction. */
class BoltReader {
  readonly #handle: FileHandle;
  readonly #meta: Meta;
  #bytes = 0;

  constructor(handle: FileHandle, meta: Meta) {
    this.#handle = handle;
    this.#meta = meta;
  }

  async bucket(name: string, wanted: (key: string) => boolean): Promise<Map<string, Buffer>> {
    const values = new Map<string, Buffer>();
    for await (const { key, value, isBucket } of this.#leaves(await this.#page(this.#meta.root))) {
      if (!isBucket || key !== name) continue;
      const root = part(value, 0, bucketHeader).readBigUInt64LE(0);
      // A bucket that is small lies in its value, as a page.
      const page = root === 0n ? value.subarray(bucketHeader) : await this.#page(root);
      for await (const leaf of this.#leaves(page)) {
        if (!leaf.isBucket && wanted(leaf.key)) values.set(leaf.key, leaf.value);
      }
    }
    return values;
  }

  async *#leaves(page: Buffer, depth = 0): AsyncGenerator<Leaf> {
    if (depth > mostDepth) throw new MalformedError(`its tree is deeper than ${mostDepth} pages`);
    const flags = part(page, 0, pageHeader).readUInt16LE(8);
    if (flags !== branchPage && flags !== leafPage)
      throw new MalformedError(`a page of its tree has flags ${flags}`);
    const count = page.readUInt16LE(10);
    for (let index = 0; index < count; index++) {
      const at = pageHeader + index * elementBytes;
      const element = part(page, at, elementBytes);
      if (flags === branchPage) {
        yield* this.#leaves(await this.#page(element.readBigUInt64LE(8)), depth + 1);
        continue;
      }
      const [position, keyBytes, valueBytes] = [4, 8, 12].map((offset) => element.readUInt32LE(offset));
      const keyAt = at + (position ?? 0);
      yield {
        key: part(page, keyAt, keyBytes ?? 0).toString(),
        value: part(page, keyAt + (keyBytes ?? 0), valueBytes ?? 0),
        isBucket: (element.readUInt32LE(0) & bucketElement) !== 0,
      };
    }
  }

  /** A page with what it continues in. */
  async #page(id: bigint): Promise<Buffer> {
    if (id < 2n || id >= this.#meta.pages) throw new MalformedError(`its tree has a page ${id}`);
    const header = await this.#read(id, pageHeader);
    if (header.readBigUInt64LE(0) !== id)
      throw new MalformedError(`page ${id} of it says that it is another`);
    return this.#read(id, (header.readUInt32LE(12) + 1) * this.#meta.pageSize);
  }

  async #read(page: bigint, length: number): Promise<Buffer> {
    this.#bytes += length;
    if (this.#bytes > mostBytes) throw new MalformedError(`its tree has more than ${mostBytes} bytes`);
    const bytes = Buffer.allocUnsafe(length);
    const offset = page * BigInt(this.#meta.pageSize);
    const { bytesRead } = await this.#handle.read(bytes, { position: offset });
    if (bytesRead !== length) throw new MalformedError(`it ends before its page ${page} does`);
    return bytes;
  }
}

/** Bytes that must be there. */
function part(bytes: Buffer, from: number, length: number): Buffer {
  if (from + length > bytes.length)
    throw new MalformedError('something in a page of it lies beyond the page');
  return bytes.subarray(from, from + length);
}
