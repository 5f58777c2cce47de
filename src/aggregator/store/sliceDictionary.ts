import type { Dictionary } from '../../codec/dictionary.ts';
import type { BatchWorkload } from '../../codec/decodeBatch.ts';

/** The strings of one probe in one slice, by code; those that are not committed yet are `added`. */
export class SliceDictionary {
  readonly #codes = new Map<string, number>();
  #added: string[] = [];

  get size(): number {
    return this.#codes.size;
  }

  /** The slice's code of each of a batch's strings. */
  codesOf(dictionary: Dictionary): Uint32Array {
    const codes = new Uint32Array(dictionary.size);
    for (let code = 0; code < codes.length; code++) codes[code] = this.#code(dictionary.text(code));
    return codes;
  }

  /** Takes the strings that came since the last call; their codes are the last ones below size. */
  takeAdded(): { firstCode: number; values: string[] } {
    const values = this.#added;
    this.#added = [];
    return { firstCode: this.size - values.length, values };
  }

  #code(value: string): number {
    const known = this.#codes.get(value);
    if (known !== undefined) return known;
    const code = this.#codes.size;
    this.#codes.set(value, code);
    this.#added.push(value);
    return code;
  }
}

/** The workloads of one probe in one slice. Code 0 is none, and is in no table. */
export class SliceWorkloads {
  readonly #codes = new Map<string, number>();
  #added: BatchWorkload[] = [];

  /** The slice's code of each of a batch's codes, which are indexes + 1. */
  codesOf(workloads: readonly BatchWorkload[]): Uint32Array {
    const codes = new Uint32Array(workloads.length + 1);
    for (const [index, workload] of workloads.entries()) codes[index + 1] = this.#code(workload);
    return codes;
  }

  takeAdded(): { firstCode: number; values: BatchWorkload[] } {
    const values = this.#added;
    this.#added = [];
    return { firstCode: this.#codes.size - values.length + 1, values };
  }

  #code(workload: BatchWorkload): number {
    const { namespace, pod, podUid, container } = workload;
    const key = JSON.stringify([podUid, container, namespace, pod]);
    const known = this.#codes.get(key);
    if (known !== undefined) return known;
    const code = this.#codes.size + 1;
    this.#codes.set(key, code);
    this.#added.push(workload);
    return code;
  }
}
