import { readFileSync } from 'node:fs';
import { addon, type Bytes, type NativeMap } from './addon.ts';
import { BpfError } from './bpfError.ts';
import { describeValue } from './describeValue.ts';

/** linux/bpf.h, BPF_F_…: flags of BpfMap.create. */
export const mapFlags = {
  noPrealloc: 1 << 0,
  noCommonLru: 1 << 1,
  readOnlyHere: 1 << 3,
  writeOnlyHere: 1 << 4,
  zeroSeed: 1 << 6,
  readOnlyInPrograms: 1 << 7,
  writeOnlyInPrograms: 1 << 8,
  mmapable: 1 << 10,
  preserveElements: 1 << 11,
  innerMap: 1 << 12,
} as const;

/** Which state of the element an update accepts. */
export type UpdateMode = 'any' | 'absent' | 'present';
const updateFlags: Readonly<Record<UpdateMode, number>> = { any: 0, absent: 1, present: 2 };

export interface MapOptions {
  /** As libbpf spells it: "hash", "array", "percpu_array", "lru_hash", "prog_array", "ringbuf"; or the kernel's number. */
  type: string | number;
  /** At most 15 characters reach the kernel. */
  name?: string;
  /** Bytes. */
  keySize: number;
  /** Bytes. */
  valueSize: number;
  maxEntries: number;
  /** mapFlags, or-ed. */
  flags?: number;
  /** The shape of the inner maps of "array_of_maps" and "hash_of_maps". */
  innerMap?: BpfMap;
}

export interface Batch {
  /** `count` keys of keySize bytes, one after another; more room may follow. */
  keys: Buffer;
  /** `count` values of valueBytes (see BpfMap) each. */
  values: Buffer;
  count: number;
  /** For the next call; undefined: that was the last. */
  cursor: Buffer | undefined;
}

/** Elements a system call in entries(): 64 KiB of 16-byte elements. */
const batchSize = 4096;

/**
 * A map: of an object, created, or opened from a pin. Keys and values are raw bytes in the machine's byte order,
 * exactly as long as the map says; a per-CPU map has one value for each possible CPU.
 */
export class BpfMap implements Disposable {
  readonly #native: NativeMap;
  readonly #isPerCpu: boolean;

  /** Use BpfMap.create, BpfMap.openPinned or BpfObject.map. */
  constructor(native: NativeMap) {
    this.#native = native;
    this.#isPerCpu = native.shape().perCpu;
  }

  static create(options: MapOptions): BpfMap {
    const { type, name = '', keySize, valueSize, maxEntries, flags, innerMap } = options;
    return new BpfMap(addon().Map.create(name, keySize, valueSize, maxEntries, flags, innerMap?.fd, type));
  }

  static openPinned(path: string): BpfMap {
    return new BpfMap(addon().Map.openPinned(path));
  }

  get name(): string {
    return this.#native.name();
  }
  get type(): string {
    return this.#native.shape().type;
  }
  get keySize(): number {
    return this.#native.shape().keySize;
  }
  get valueSize(): number {
    return this.#native.shape().valueSize;
  }
  /** Bytes of one element in batches: valueSize, or of a per-CPU map that of all CPUs, each padded to 8 bytes. */
  get valueBytes(): number {
    return this.#native.shape().valueBytes;
  }
  get maxEntries(): number {
    return this.#native.shape().maxEntries;
  }
  get flags(): number {
    return this.#native.shape().flags;
  }
  /** It stays the map's: closed by close(), or with the object. */
  get fd(): number {
    return this.#native.fd();
  }
  /** The kernel's number of the map. */
  get id(): number {
    return this.#native.id();
  }

  /** The map by a descriptor of its own, which stays when its object is closed; after load(). */
  duplicate(): BpfMap {
    return new BpfMap(this.#native.duplicate());
  }

  /** Kernel memory that the map takes, in bytes (fdinfo's memlock; exact from 6.4, before that what it may grow to). */
  get memory(): number {
    const facts = readFileSync(`/proc/self/fdinfo/${this.fd}`, 'utf8');
    return Number(/^memlock:\s*(\d+)$/m.exec(facts)?.[1] ?? Number.NaN);
  }

  // Before the object is loaded.

  setMaxEntries(maxEntries: number): void {
    this.#native.setMaxEntries(maxEntries);
  }
  /** Bytes; for maps whose values are sized at run time. */
  setValueSize(valueSize: number): void {
    this.#native.setValueSize(valueSize);
  }
  /** false: load() does not make the map; a program that uses it is refused. */
  setAutocreate(autocreate: boolean): void {
    this.#native.setAutocreate(autocreate);
  }
  /** load() opens the map pinned there or, if there is none, makes and pins it. */
  setPinPath(path: string): void {
    this.#native.setPinPath(path);
  }
  /** The whole content of a .rodata, .data or .bss map as programs will find it. */
  setInitialValue(bytes: Bytes): void {
    this.#native.setInitialValue(bytes);
  }
  /** A copy of it; undefined for other maps and after load. */
  get initialValue(): Buffer | undefined {
    return this.#native.initialValue();
  }
  /** Uses an existing map of the same type, key and value size instead of making one: a map, its fd or its pin. */
  reuse(source: BpfMap | number | string): void {
    if (typeof source === 'string') this.#native.reuse(undefined, source);
    else if (typeof source === 'number') this.#native.reuse(source, undefined);
    else if (source instanceof BpfMap) this.#native.reuse(source.fd, undefined);
    else {
      throw new TypeError(
        `BpfMap.reuse: source must be a BpfMap, a file descriptor or the path of a pin, not ${describeValue(source)}`,
      );
    }
  }

  // Elements.

  /** The value, or undefined when there is no such key. */
  lookup(key: Bytes): Buffer | undefined {
    this.#refusePerCpu('lookup', 'lookupPerCpu');
    return this.#native.lookup(key);
  }

  /** Each possible CPU's value. */
  lookupPerCpu(key: Bytes): Buffer[] | undefined {
    const value = this.#native.lookup(key);
    return value === undefined ? undefined : this.#perCpu(value, 'lookupPerCpu');
  }

  /** Takes the value out of a hash, queue or stack (whose key is empty bytes). */
  lookupAndDelete(key: Bytes): Buffer | undefined {
    return this.#native.lookupAndDelete(key);
  }

  update(key: Bytes, value: Bytes, mode: UpdateMode = 'any'): void {
    this.#refusePerCpu('update', 'updatePerCpu');
    this.#native.update(key, value, modeFlags('BpfMap.update', mode));
  }

  /** One value for each possible CPU. */
  updatePerCpu(key: Bytes, values: readonly Uint8Array[], mode: UpdateMode = 'any'): void {
    const { cpuStride, valueBytes, valueSize } = this.#native.shape();
    const cpus = valueBytes / cpuStride;
    if (!this.#isPerCpu || values.length !== cpus || values.some((value) => value.byteLength !== valueSize)) {
      const wanted = this.#isPerCpu ? `${cpus} × ${valueSize} bytes` : 'of a per-CPU map';
      const got = values.map((value) => value.byteLength).join(', ');
      throw new TypeError(
        `BpfMap.updatePerCpu: values must be ${wanted} (BpfMap '${this.name}'), not [${got}] bytes`,
      );
    }
    const packed = Buffer.alloc(valueBytes);
    for (const [cpu, value] of values.entries()) packed.set(value, cpu * cpuStride);
    this.#native.update(key, packed, modeFlags('BpfMap.updatePerCpu', mode));
  }

  /** false: there was no such key. */
  delete(key: Bytes): boolean {
    return this.#native.delete(key);
  }

  /** Every key, once. Of a map that changes meanwhile: those that stayed, and perhaps some that came or went. */
  keys(): Buffer[] {
    return this.#native.keys();
  }

  /** Every key with its value, by batches where the kernel can. As exact as keys(). */
  entries(): [key: Buffer, value: Buffer][] {
    this.#refusePerCpu('entries', 'entriesPerCpu');
    return this.#entries();
  }

  /** Every key with each possible CPU's value. */
  entriesPerCpu(): [key: Buffer, values: Buffer[]][] {
    return this.#entries().map(([key, value]) => [key, this.#perCpu(value, 'entriesPerCpu')]);
  }

  /**
   * The next `count` elements or fewer, packed: one system call (hashes 5.6, per-CPU arrays 5.13). Hashes hand out
   * whole buckets, so an answer may hold more than asked for when one bucket does.
   */
  lookupBatch(cursor: Batch['cursor'], count: number): Batch {
    return { cursor: undefined, ...this.#native.lookupBatch(cursor, count, false) };
  }

  /** As lookupBatch, and takes them out: none is read twice or lost between (hashes only). */
  lookupAndDeleteBatch(cursor: Batch['cursor'], count: number): Batch {
    return { cursor: undefined, ...this.#native.lookupBatch(cursor, count, true) };
  }

  /** `count` packed keys and values. */
  updateBatch(keys: Bytes, values: Bytes, count: number, mode: UpdateMode = 'any'): void {
    this.#native.updateBatch(keys, values, count, modeFlags('BpfMap.updateBatch', mode));
  }

  /** Deletes packed keys; returns how many were there. */
  deleteBatch(keys: Bytes): number {
    return this.#native.deleteBatch(keys);
  }

  /**
   * The memory of an array with mapFlags.mmapable, shared with the programs: element i begins at i × (valueSize
   * rounded up to 8). The same ArrayBuffer each time. close() detaches it, so that its views are empty from then on
   * and never point to unmapped memory; a view that outlives the BpfMap keeps the memory mapped.
   */
  mmap(): ArrayBuffer {
    return this.#native.mmap();
  }

  /** Keeps the map in the kernel until the file below bpffs is removed. */
  pin(path: string): void {
    this.#native.pin(path);
  }

  /** Removes a pin of this map. */
  unpin(path: string): void {
    this.#native.unpin(path);
  }

  /** No system call can change the map any more; programs can, unless it is readOnlyInPrograms. */
  freeze(): void {
    this.#native.freeze();
  }

  /** Closing twice is fine. A map of an object stays in the kernel until the object is closed. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #entries(): [Buffer, Buffer][] {
    const { keySize, valueBytes } = this.#native.shape();
    const found = new Map<string, [Buffer, Buffer]>(); // a hash that grows meanwhile can hand out a key twice
    try {
      let cursor: Buffer | undefined;
      do {
        const batch = this.#native.lookupBatch(cursor, batchSize, false);
        for (let i = 0; i < batch.count; i++) {
          const key = batch.keys.subarray(i * keySize, (i + 1) * keySize);
          found.set(key.toString('latin1'), [
            key,
            batch.values.subarray(i * valueBytes, (i + 1) * valueBytes),
          ]);
        }
        cursor = batch.cursor;
      } while (cursor !== undefined);
      return [...found.values()];
    } catch (error) {
      if (!isUnsupported(error)) throw error;
    }
    return this.keys().flatMap((key): [Buffer, Buffer][] => {
      const value = this.#native.lookup(key);
      return value === undefined ? [] : [[key, value]];
    });
  }

  #perCpu(value: Buffer, method: string): Buffer[] {
    const { cpuStride, valueSize } = this.#native.shape();
    if (!this.#isPerCpu) throw new TypeError(`BpfMap.${method}: BpfMap '${this.name}' is not per CPU`);
    return Array.from({ length: value.length / cpuStride }, (_, cpu) =>
      value.subarray(cpu * cpuStride, cpu * cpuStride + valueSize),
    );
  }

  #refusePerCpu(method: string, instead: string): void {
    if (!this.#isPerCpu) return;
    throw new TypeError(
      `BpfMap.${method}: BpfMap '${this.name}' has a value for each CPU; use BpfMap.${instead}`,
    );
  }
}

function modeFlags(method: string, mode: UpdateMode): number {
  const flags = updateFlags[mode] as number | undefined;
  if (flags !== undefined) return flags;
  throw new TypeError(`${method}: mode must be "any", "absent" or "present", not ${describeValue(mode)}`);
}

function isUnsupported(error: unknown): boolean {
  if (!(error instanceof BpfError)) return false;
  return ['EINVAL', 'ENOTSUPP', 'EOPNOTSUPP'].includes(error.errnoName);
}
