import { readFileSync } from 'node:fs';

/** One function of the running kernel. */
export interface KernelFunction {
  readonly name: string;
  /** Module it belongs to; undefined: the kernel itself. */
  readonly module: string | undefined;
  /** How many functions have this name: static ones of several files. */
  readonly count: number;
  /** ftrace can attach to it, which fentry and fexit need; undefined: not known. */
  readonly traceable: boolean | undefined;
  /** Kprobes are forbidden on it; undefined: not known. */
  readonly blacklisted: boolean | undefined;
  /** Its result can be overridden (ALLOW_ERROR_INJECTION); undefined: not known. */
  readonly overridable: boolean | undefined;
}

/** Which functions the kernel has. */
export interface FunctionLookup {
  find(name: string): KernelFunction | undefined;
  /** Those that can be probed as far as known, for suggestions and lists. Some 60,000; a name may come twice. */
  names(): Iterable<string>;
}

export interface FunctionFiles {
  kallsyms?: string;
  /** available_filter_functions of tracefs. */
  traceable?: string;
  /** kprobes/blacklist of debugfs. */
  blacklist?: string;
  /** error_injection/list of debugfs. */
  errorInjection?: string;
}

/**
 * Functions as /proc, tracefs and debugfs tell them. Files are read when first needed (kallsyms and the traceable
 * functions take some 0.1 s) and kept as they are, about 8 MB; a look-up scans them in 2 ms.
 */
export class KernelFunctions implements FunctionLookup {
  readonly #files: Required<FunctionFiles>;
  readonly #texts = new Map<keyof FunctionFiles, Buffer | undefined>();

  constructor(files: FunctionFiles = {}) {
    this.#files = {
      kallsyms: '/proc/kallsyms',
      traceable: '/sys/kernel/tracing/available_filter_functions',
      blacklist: '/sys/kernel/debug/kprobes/blacklist',
      errorInjection: '/sys/kernel/debug/error_injection/list',
      ...files,
    };
  }

  find(name: string): KernelFunction | undefined {
    const symbols = [...this.#lines('kallsyms', ` ${name}`)].flatMap((line) => TEXT_SYMBOL.exec(line) ?? []);
    // Of a regular expression with two groups: the match, the name, the module.
    const modules = symbols.filter((_, index) => index % 3 === 2);
    if (modules.length === 0) return undefined;
    const knows = this.#knows.bind(this);
    return {
      name,
      module: modules[0],
      count: modules.length,
      // Only when asked: the kernel takes long to write the list of traceable functions.
      get traceable() {
        return knows('traceable', `\n${name}`);
      },
      get blacklisted() {
        return knows('blacklist', `\t${name}`);
      },
      get overridable() {
        return knows('errorInjection', `\n${name}`);
      },
    };
  }

  *names(): Iterable<string> {
    const traceable = this.#text('traceable');
    if (traceable !== undefined) {
      for (const line of traceable.toString('latin1').matchAll(/^\S+/gm)) yield line[0];
      return;
    }
    const symbols = this.#text('kallsyms')?.toString('latin1') ?? '';
    for (const line of symbols.matchAll(/^[0-9a-f]+ [tTwW] (?!__pfx_|__cfi_)(\S+)/gm)) yield line[1] ?? '';
  }

  /** undefined: the file cannot be read. */
  #knows(file: keyof FunctionFiles, needle: string): boolean | undefined {
    if (this.#text(file) === undefined) return undefined;
    return this.#lines(file, needle).next().done !== true;
  }

  /** Lines in which `needle` is followed by a space, a tab or the line's end. */
  *#lines(file: keyof FunctionFiles, needle: string): Generator<string> {
    const text = this.#text(file);
    if (text === undefined) return;
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
      const end = at + needle.length;
      const next = text[end];
      if (next !== NEWLINE && next !== SPACE && next !== TAB) continue;
      const lineStart = text.lastIndexOf(NEWLINE, needle.startsWith('\n') ? at : end - 1) + 1;
      const lineEnd = text.indexOf(NEWLINE, end);
      yield text.toString('latin1', lineStart, lineEnd);
    }
  }

  /** The file between two line ends; undefined: there is none, or it may not be read (lockdown, another user). */
  #text(file: keyof FunctionFiles): Buffer | undefined {
    if (!this.#texts.has(file)) {
      let text: Buffer | undefined;
      try {
        text = Buffer.concat([Buffer.from('\n'), readFileSync(this.#files[file]), Buffer.from('\n')]);
      } catch {
        text = undefined;
      }
      this.#texts.set(file, text);
    }
    return this.#texts.get(file);
  }
}

/** "ffffffff81000000 T name\t[module]"; BPF programs are in there as a module of their own. */
const TEXT_SYMBOL = /^[0-9a-f]+ [tTwW] (\S+?)(?:\s+\[(?!bpf\])(\S+)\])?$/;

const NEWLINE = 0x0a;
const TAB = 0x09;
const SPACE = 0x20;
