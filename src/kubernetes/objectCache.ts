import type { KubernetesObject } from '../api/kubernetesObject.ts';

/** What happened to an object: `deleted` has it as it was last known. */
export type Change<T> =
  { type: 'added'; object: T } | { type: 'changed'; object: T; previous: T } | { type: 'deleted'; object: T };

interface Entry<T> {
  uid: string | undefined;
  resourceVersion: string | undefined;
  object: T;
}

export interface ObjectCacheOptions<S extends KubernetesObject, T> {
  /** What is kept of an object; undefined: nothing, as if it were not there. */
  transform: (object: S) => T | undefined;
  /** Whether a new version says nothing new. */
  isSame: (previous: T, next: T) => boolean;
  onChange: (change: Change<T>) => void;
}

/**
 * The objects of a collection as they are known, by namespace and name, and what changed about them. A version that is
 * known already is no change; another object of the same name is the old one's deletion and a new one.
 */
export class ObjectCache<S extends KubernetesObject, T> {
  readonly #options: ObjectCacheOptions<S, T>;
  readonly #entries = new Map<string, Entry<T>>();
  /** Keys that a list under way has named. */
  #listed: Set<string> | undefined;

  constructor(options: ObjectCacheOptions<S, T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(name: string, namespace?: string): T | undefined {
    return this.#entries.get(keyOf(name, namespace))?.object;
  }

  *values(): Generator<T> {
    for (const { object } of this.#entries.values()) yield object;
  }

  /** What is put from now on is part of a whole list. */
  beginList(): void {
    this.#listed = new Set();
  }

  /** The list is whole: what it did not name is gone. */
  endList(): void {
    const listed = this.#listed;
    this.#listed = undefined;
    if (listed === undefined) return;
    for (const [key, { object }] of this.#entries) {
      if (listed.has(key)) continue;
      this.#entries.delete(key);
      this.#options.onChange({ type: 'deleted', object });
    }
  }

  /** There is this version of an object. */
  put(raw: S): void {
    const { name, namespace, uid, resourceVersion } = raw.metadata as typeof raw.metadata & {
      namespace?: string;
    };
    const key = keyOf(name, namespace);
    this.#listed?.add(key);
    const known = this.#entries.get(key);
    if (
      known?.resourceVersion !== undefined &&
      known.uid === uid &&
      known.resourceVersion === resourceVersion
    ) {
      return;
    }
    const object = this.#options.transform(raw);
    if (object === undefined) {
      this.#forget(key);
      return;
    }
    if (known !== undefined && known.uid !== uid) this.#forget(key);
    const previous = this.#entries.get(key)?.object;
    this.#entries.set(key, { uid, resourceVersion, object });
    if (previous === undefined) this.#options.onChange({ type: 'added', object });
    else if (!this.#options.isSame(previous, object)) {
      this.#options.onChange({ type: 'changed', object, previous });
    }
  }

  /** The object is gone. */
  remove(raw: S): void {
    const { name, namespace } = raw.metadata as typeof raw.metadata & { namespace?: string };
    this.#forget(keyOf(name, namespace));
  }

  #forget(key: string): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    this.#entries.delete(key);
    this.#options.onChange({ type: 'deleted', object: known.object });
  }
}

function keyOf(name: string, namespace: string | undefined): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
