import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTracepointFormat } from './tracepointFormat.ts';
import type { TracepointFormat } from './tracepointFormat.ts';

/** The tracing file system of one kernel. Files are read when asked for, formats once. */
export class Tracefs {
  readonly #mount: string;
  readonly #formats = new Map<string, TracepointFormat | undefined>();

  /** @param mount where tracefs is mounted; a directory of the same shape does for tests. */
  constructor(mount = '/sys/kernel/tracing') {
    this.#mount = mount;
  }

  get mount(): string {
    return this.#mount;
  }

  /**
   * Why nothing can be read here, in words; undefined when all is well. Tracepoints need tracefs mounted and
   * readable, which takes root.
   */
  unavailable(): string | undefined {
    try {
      readdirSync(join(this.#mount, 'events'));
      return undefined;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      if (code === 'EACCES' || code === 'EPERM') {
        return `${this.#mount} is not readable (${code}): reading tracepoints takes root`;
      }
      return `tracefs is not mounted at ${this.#mount}: mount -t tracefs tracefs ${this.#mount}`;
    }
  }

  /** Categories of tracepoints, e.g. sched, syscalls. */
  categories(): string[] {
    return directories(join(this.#mount, 'events'));
  }

  /** Names of the tracepoints of one category; none when there is no such category. */
  names(category: string): string[] {
    return directories(join(this.#mount, 'events', category));
  }

  /** All tracepoints as CATEGORY/NAME. About 2,500, one directory read a category. */
  tracepoints(): string[] {
    return this.categories().flatMap((category) => this.names(category).map((name) => `${category}/${name}`));
  }

  /** Layout of a tracepoint's record; undefined when there is no such tracepoint. */
  format(category: string, name: string): TracepointFormat | undefined {
    const key = `${category}/${name}`;
    if (this.#formats.has(key)) return this.#formats.get(key);
    const text = readIfExists(join(this.#mount, 'events', category, name, 'format'));
    const format = text === undefined ? undefined : parseTracepointFormat(text);
    this.#formats.set(key, format);
    return format;
  }

  /** System calls that have tracepoints, by their name without sys_enter_. */
  syscalls(): string[] {
    return this.names('syscalls')
      .filter((name) => name.startsWith('sys_enter_'))
      .map((name) => name.slice('sys_enter_'.length));
  }
}

function directories(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
