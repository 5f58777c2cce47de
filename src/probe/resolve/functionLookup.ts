import { readFileSync } from 'node:fs';

/** One function of the running kernel. */
export interface KernelFunction {
  name: string;
  /** Module it belongs to; undefined: the kernel itself. */
  module: string | undefined;
  /** How many functions have this name (static ones of several files). */
  count: number;
  /** ftrace can attach to it, which fentry and fexit need; undefined: not known. */
  traceable: boolean | undefined;
  /** Kprobes are forbidden on it. */
  blacklisted: boolean;
  /** Its result can be overridden (ALLOW_ERROR_INJECTION); undefined: not known. */
  overridable: boolean | undefined;
}

/** Which functions the kernel has. */
export interface FunctionLookup {
  find(name: string): KernelFunction | undefined;
  /** All names, for suggestions and lists. */
  names(): Iterable<string>;
  /** Those that probes can be attached to, as far as known. */
  probeable(): Iterable<string>;
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

/** Functions as /proc and debugfs tell them. Files are read when first needed; about 0.1 s for 120,000 symbols. */
export class KernelFunctions implements FunctionLookup {
  readonly #files: Required<FunctionFiles>;
  #symbols: Map<string, { module: string | undefined; count: number }> | undefined;
  #traceable: Set<string> | undefined | null = null;
  #blacklist: Set<string> | undefined | null = null;
  #overridable: Set<string> | undefined | null = null;

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
    const symbol = this.#functions().get(name);
    if (symbol === undefined) return undefined;
    return {
      name,
      ...symbol,
      traceable: this.#traceableNames()?.has(name),
      blacklisted: this.#blacklistedNames()?.has(name) ?? false,
      overridable: this.#overridableNames()?.has(name),
    };
  }

  names(): Iterable<string> {
    return this.#functions().keys();
  }

  probeable(): Iterable<string> {
    return this.#traceableNames() ?? this.names();
  }

  #functions(): Map<string, { module: string | undefined; count: number }> {
    this.#symbols ??= parseKallsyms(readOrEmpty(this.#files.kallsyms) ?? '');
    return this.#symbols;
  }

  #traceableNames(): Set<string> | undefined {
    if (this.#traceable === null) this.#traceable = firstWords(readOrEmpty(this.#files.traceable));
    return this.#traceable;
  }

  #blacklistedNames(): Set<string> | undefined {
    if (this.#blacklist === null) {
      // "0xffffffff81000000-0xffffffff81000010\tname"
      const lines = readOrEmpty(this.#files.blacklist)?.split('\n');
      this.#blacklist = lines && new Set(lines.map((line) => line.split('\t')[1] ?? ''));
    }
    return this.#blacklist;
  }

  #overridableNames(): Set<string> | undefined {
    if (this.#overridable === null) this.#overridable = firstWords(readOrEmpty(this.#files.errorInjection));
    return this.#overridable;
  }
}

/** Text symbols of /proc/kallsyms: "ffffffff81000000 T name\t[module]". */
function parseKallsyms(text: string): Map<string, { module: string | undefined; count: number }> {
  const found = new Map<string, { module: string | undefined; count: number }>();
  for (const line of text.matchAll(/^[0-9a-f]+ [tTwW] (\S+)(?:\t\[(\S+)\])?$/gm)) {
    const name = line[1] ?? '';
    const module = line[2];
    if (module === 'bpf' || module?.startsWith('__builtin__') === true) continue;
    const known = found.get(name);
    if (known === undefined) found.set(name, { module, count: 1 });
    else known.count++;
  }
  return found;
}

/** The first word of each line: "name [module]". */
function firstWords(text: string | undefined): Set<string> | undefined {
  return text === undefined
    ? undefined
    : new Set(text.split('\n').map((line) => line.split(/\s/, 1)[0] ?? ''));
}

/** undefined: there is no such file, or it may not be read (lockdown, another user). */
function readOrEmpty(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
