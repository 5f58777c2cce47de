import { addon, type Bytes, type MessageLevel, type NativeBpfObject } from './addon.ts';
import { BpfMap } from './bpfMap.ts';
import { Program } from './program.ts';

export interface ObjectOptions {
  /** Instead of the file's; it begins the kernel's names of .rodata and its like. */
  name?: string;
  /** The verifier's log level for every program: 0 only on refusal (default), 1, 2 or 4; read it by Program.log. */
  kernelLogLevel?: number;
  /** Directory below bpffs for maps that the object declares pinned. */
  pinRoot?: string;
  /** A BTF file to relocate against instead of the running kernel's. */
  kernelBtf?: string;
  /** What libbpf prints while it opens, loads or attaches, as it was printed; without it only errors carry it. */
  onMessage?: (level: MessageLevel, text: string) => void;
}

/**
 * A BPF object file: open it, set what is to be set (data, map sizes, targets), load it, attach its programs.
 * close() frees its programs and maps in the kernel; links that were made stay attached until they are closed.
 */
export class BpfObject implements Disposable {
  readonly #native: NativeBpfObject;
  readonly #programs = new Map<string, Program>();
  readonly #maps = new Map<string, BpfMap>();

  /** Use BpfObject.open. */
  private constructor(native: NativeBpfObject) {
    this.#native = native;
    for (const program of native.programs()) this.#programs.set(program.name(), new Program(program));
    for (const map of native.maps()) this.#maps.set(map.name(), new BpfMap(map));
  }

  /**
   * Reads an object; nothing is in the kernel before load().
   * @param source the path of an ELF file made by clang -target bpf, or its bytes
   */
  static open(source: string | Bytes, options: ObjectOptions = {}): BpfObject {
    const { name, kernelLogLevel, pinRoot, kernelBtf, onMessage } = options;
    const [path, bytes] = typeof source === 'string' ? [source, undefined] : [undefined, source];
    return new BpfObject(
      new (addon().BpfObject)(path, bytes, name, kernelLogLevel, pinRoot, kernelBtf, onMessage),
    );
  }

  get name(): string {
    return this.#native.name();
  }

  get loaded(): boolean {
    return this.#native.isLoaded();
  }

  programs(): Program[] {
    return [...this.#programs.values()];
  }

  maps(): BpfMap[] {
    return [...this.#maps.values()];
  }

  /** @throws RangeError with the existing names when there is no such program */
  program(name: string): Program {
    return this.#programs.get(name) ?? this.#missing('program', name, [...this.#programs.keys()]);
  }

  /**
   * @param name as in the C source; ".rodata", ".data" and ".bss" for the variables
   * @throws RangeError with the existing names when there is no such map
   */
  map(name: string): BpfMap {
    const found = this.#maps.get(name);
    if (found !== undefined) return found;
    // The kernel's name of .rodata is "object.rodata", cut at 15 characters; libbpf knows both.
    const kernelName = name.startsWith('.') ? this.#native.findMap(name)?.name() : undefined;
    const internal = kernelName === undefined ? undefined : this.#maps.get(kernelName);
    return internal ?? this.#missing('map', name, [...this.#maps.keys()]);
  }

  /** The constants (const volatile) as the programs will find them: the whole of .rodata, before load(). */
  setRodata(bytes: Bytes): void {
    this.map('.rodata').setInitialValue(bytes);
  }

  /**
   * Makes the maps and loads the programs.
   * @throws VerifierError when the verifier refuses a program, BpfError for everything else
   */
  load(): this {
    this.#native.load();
    return this;
  }

  /** What libbpf printed during load(), with the verifier's logs if a level was set. */
  get loadLog(): string {
    return this.#native.loadLog();
  }

  /** Closing twice is fine; programs and maps of the object throw from then on. */
  close(): void {
    for (const map of this.#maps.values()) map.close();
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #missing(kind: string, name: string, existing: string[]): never {
    throw new RangeError(
      `BpfObject '${this.name}' has no ${kind} '${name}'; it has ${existing.join(', ') || 'none'}`,
    );
  }
}
