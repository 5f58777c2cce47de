import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { BpfError } from './bpfError.ts';
import type { BtfKind, BtfType } from './btf.ts';
import { createError, type NativeFailure } from './createError.ts';
import type { ProgramInfo } from './programInfo.ts';

/** Bytes that JavaScript hands to the kernel. */
export type Bytes = ArrayBufferView | ArrayBuffer;

/** native/bpf/bpf_object.h */
export interface NativeBpfObject {
  name(): string;
  programs(): NativeProgram[];
  maps(): NativeMap[];
  findMap(name: string): NativeMap | undefined;
  load(): void;
  isLoaded(): boolean;
  loadLog(): string;
  close(): void;
}

/** native/bpf/program.h */
export interface NativeProgram {
  name(): string;
  section(): string;
  type(): string;
  fd(): number;
  info(): ProgramInfo;
  duplicate(): NativeKernelProgram;
  log(): string;
  autoload(): boolean;
  setAutoload(autoload: boolean): void;
  setAttachTarget(name: string): void;
  setLogLevel(level: number, bufferBytes: number): void;
  pin(path: string): void;
  unpin(path: string): void;
  attach(): NativeLink;
  attachTracepoint(category: string, name: string, cookie?: bigint): NativeLink;
  attachRawTracepoint(name: string): NativeLink;
  attachKprobe(name: string, offset?: number, retprobe?: boolean, cookie?: bigint): NativeLink;
  attachKsyscall(name: string, retprobe?: boolean, cookie?: bigint): NativeLink;
  attachTrace(cookie?: bigint): NativeLink;
  attachLsm(): NativeLink;
  attachUprobe(
    path: string,
    symbol?: string,
    offset?: number | bigint,
    retprobe?: boolean,
    pid?: number,
    cookie?: bigint,
  ): NativeLink;
}

/** native/bpf/kernel_program.h */
export interface NativeKernelProgram {
  name(): string;
  fd(): number;
  info(): ProgramInfo;
  run(memory: Uint8Array): number;
  close(): void;
}

/** native/bpf/map.h */
export interface NativeMap {
  name(): string;
  shape(): {
    type: string;
    keySize: number;
    valueSize: number;
    maxEntries: number;
    flags: number;
    perCpu: boolean;
    cpuStride: number;
    valueBytes: number;
  };
  fd(): number;
  id(): number;
  duplicate(): NativeMap;
  setMaxEntries(maxEntries: number): void;
  setValueSize(valueSize: number): void;
  setAutocreate(autocreate: boolean): void;
  setPinPath(path: string): void;
  setInitialValue(bytes: Bytes): void;
  initialValue(): Buffer | undefined;
  reuse(fd: number | undefined, path: string | undefined): void;
  lookup(key: Bytes): Buffer | undefined;
  lookupAndDelete(key: Bytes): Buffer | undefined;
  update(key: Bytes, value: Bytes, flags?: number): void;
  delete(key: Bytes): boolean;
  keys(): Buffer[];
  lookupBatch(
    cursor: Bytes | undefined,
    count: number,
    remove: boolean,
  ): { keys: Buffer; values: Buffer; count: number; cursor?: Buffer };
  updateBatch(keys: Bytes, values: Bytes, count: number, flags?: number): void;
  deleteBatch(keys: Bytes): number;
  mmap(): ArrayBuffer;
  pin(path: string): void;
  unpin(path: string): void;
  freeze(): void;
  close(): void;
}

/** native/bpf/link.h */
export interface NativeLink {
  name(): string;
  fd(): number;
  info(): { id: number; programId: number; type: string | number; missed?: number };
  pin(path: string): void;
  unpin(): void;
  detach(): void;
  close(): void;
}

/** native/bpf/btf_reader.h */
export interface NativeBtf {
  module(name: string): NativeBtf;
  name(): string;
  typeCount(): number;
  type(id: number): BtfType;
  find(kind: BtfKind, name: string): number | undefined;
  resolve(id: number): number;
  sizeOf(id: number): number | undefined;
  names(kind: BtfKind): string[];
  close(): void;
}

/** Packed records, and for each its begin and length. */
export interface NativeRecords {
  bytes: Buffer;
  bounds: Uint32Array;
}

/** native/bpf/ring_consumer.h */
export interface NativeRingConsumer {
  drain(): NativeRecords;
  start(callback: (records: NativeRecords) => void): void;
  ref(): void;
  unref(): void;
  close(): void;
}

/** native/bpf/feature_prober.h */
export interface NativeFeatureProber {
  /** Why not; undefined: supported. */
  probe(feature: string): BpfError | undefined;
  close(): void;
}

/** What build/Release/bpf.node exports (native/bpf/addon.cc). Arguments are checked there. */
export interface Addon {
  configure(createError: (...failure: NativeFailure) => Error): void;
  BpfObject: new (
    path: string | undefined,
    bytes: Bytes | undefined,
    name: string | undefined,
    kernelLogLevel: number | undefined,
    pinRoot: string | undefined,
    kernelBtf: string | undefined,
    onMessage: ((level: MessageLevel, text: string) => void) | undefined,
  ) => NativeBpfObject;
  Map: {
    create(
      name: string,
      keySize: number,
      valueSize: number,
      maxEntries: number,
      flags: number | undefined,
      innerMapFd: number | undefined,
      type: string | number,
    ): NativeMap;
    openPinned(path: string): NativeMap;
  };
  Link: { openPinned(path: string): NativeLink };
  Btf: { vmlinux(): NativeBtf; file(path: string): NativeBtf };
  RingConsumer: new (mapFd: number, name: string) => NativeRingConsumer;
  FeatureProber: new () => NativeFeatureProber;
  RunStatistics: new () => { close(): void };
  synchronize(): Promise<void>;
  elfFunctions(path: string): string[];
}

/** libbpf's print levels. */
export type MessageLevel = 'warn' | 'info' | 'debug';

const configured = new WeakSet<Addon>();

/**
 * The native addon, loaded on first use, so that importing src/bpf costs nothing and works where it was not built.
 * Node keeps one instance a thread.
 */
export function addon(): Addon {
  const path = fileURLToPath(new URL('../../build/Release/bpf.node', import.meta.url));
  const loaded = load(path);
  if (!configured.has(loaded)) {
    loaded.configure(createError);
    configured.add(loaded);
  }
  return loaded;
}

function load(path: string): Addon {
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new Error(
      `cannot load the native addon: ${reason ?? ''}. Build it with npm run build; it needs Linux and libbpf 1.1 or later`,
      { cause },
    );
  }
}
