import type { KubernetesObject } from '../api/kubernetesObject.ts';
import type { ApiClient, Query } from './apiClient.ts';
import { ApiError } from './apiError.ts';
import { Backoff } from '../service/backoff.ts';
import { monotonicClock, type Clock } from './clock.ts';
import { ObjectCache, type Change } from './objectCache.ts';
import { sleep } from './sleep.ts';

export interface ReflectorOptions<S extends KubernetesObject, T> {
  api: Pick<ApiClient, 'list' | 'watch'>;
  /** Of the collection: see resourcePath. */
  path: string;
  /** Such as fieldSelector or labelSelector. */
  query?: Query;
  /** What to keep of an object, called as it arrives; undefined: leave it out. */
  transform: (object: S) => T | undefined;
  /** Whether a new version says nothing new, so that nobody is told. Default: never. */
  isSame?: (previous: T, next: T) => boolean;
  /** Told of each change, in the server's order for one object. Nothing of it waits: hand work to a queue. */
  onChange: (change: Change<T>) => void;
  /** Told of every failure that is got over by trying again. */
  onError?: (error: unknown) => void;
  /** A watch was begun anew, for metrics. */
  onRestart?: () => void;
  /** Everything was listed again, for metrics; not for the first time. */
  onRelist?: () => void;
  /** Objects a page. Default 500, the most that does not stall an API server. */
  pageSize?: number;
  /** How long the server is asked to serve one watch, in seconds. Default: 4 to 8 minutes at random. */
  watchSeconds?: () => number;
  /** A watch so long silent is given up, in milliseconds. Default 90 s: bookmarks come every minute. */
  silenceMs?: number;
  /** Default: from 200 ms to 30 s. */
  backoff?: Backoff;
  clock?: Clock;
}

/** Versions "from the future" are waited for so often before everything is listed again. */
const aheadPatience = 3;
/** A watch that served so long was a good one, in milliseconds. */
const goodWatchMs = 5000;

/**
 * Keeps a copy of a collection: lists it in pages, watches it from there, takes the watch up where it ended (bookmarks
 * keep that place fresh), and lists again only when the server has forgotten that place. It gets over everything but
 * stop(): refusals, resets, silence, restarts. Lists are consistent reads (no resourceVersion), so what was seen once
 * is never followed by an older state; no step of a wall clock has any effect.
 */
export class Reflector<S extends KubernetesObject, T> {
  readonly #options: Required<Omit<ReflectorOptions<S, T>, 'onError' | 'onRestart' | 'onRelist'>> &
    Pick<ReflectorOptions<S, T>, 'onError' | 'onRestart' | 'onRelist'>;
  readonly #cache: ObjectCache<S, T>;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  readonly #synced = Promise.withResolvers<undefined>();
  /** Up to where changes are known; undefined: everything has to be listed. */
  #position: string | undefined;
  #hasListed = false;
  #ahead = 0;

  /** Begins at once. */
  constructor(options: ReflectorOptions<S, T>) {
    this.#options = {
      query: {},
      isSame: () => false,
      pageSize: 500,
      watchSeconds: () => Math.round(240 + Math.random() * 240),
      silenceMs: 90_000,
      backoff: new Backoff({ firstMs: 200, maxMs: 30_000 }),
      clock: monotonicClock,
      ...options,
    };
    this.#cache = new ObjectCache<S, T>({
      transform: options.transform,
      isSame: this.#options.isSame,
      onChange: (change) => {
        this.#tell(change);
      },
    });
    this.#synced.promise.catch(() => undefined); // nobody may be waiting for it
    this.#ended = this.#run();
  }

  /** Resolves once the first list is whole; rejects when stopped before. */
  get synced(): Promise<undefined> {
    return this.#synced.promise;
  }

  get size(): number {
    return this.#cache.size;
  }

  get(name: string, namespace?: string): T | undefined {
    return this.#cache.get(name, namespace);
  }

  values(): Generator<T> {
    return this.#cache.values();
  }

  /** No change is told afterwards. Resolves when its connections are closed. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#synced.reject(new Error(`the reflector of ${this.#options.path} was stopped before it had listed`));
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { clock, backoff } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (this.#position === undefined) await this.#list();
        await this.#watch();
      } catch (error) {
        if (this.#isStopped) return;
        this.#judge(error);
        const wait = Math.max(
          backoff.next(),
          (error instanceof ApiError ? error.retryAfterMs : undefined) ?? 0,
        );
        await sleep(clock, wait, signal);
      }
    }
  }

  /** What a failure means for the place in history. */
  #judge(error: unknown): void {
    this.#options.onError?.(error);
    if (!(error instanceof ApiError)) {
      this.#position = undefined;
    } else if (error.isAheadOfServer) {
      // Another replica that lags comes up in seconds; a restored backup never does.
      this.#ahead += 1;
      if (this.#ahead >= aheadPatience) this.#position = undefined;
    } else if (error.status >= 400 && error.status < 500 && error.status !== 429) {
      // Expired, most of all; but also a kind that was removed and came again, or rights that were taken.
      this.#position = undefined;
    }
  }

  async #list(): Promise<void> {
    try {
      this.#position = await this.#listPages(this.#options.pageSize);
    } catch (error) {
      if (!(error instanceof ApiError && error.isExpired)) throw error;
      // Pages were turned more slowly than the server forgets (5 minutes by default): all at once, then.
      this.#options.onError?.(error);
      this.#position = await this.#listPages(undefined);
    }
    if (this.#hasListed) this.#options.onRelist?.();
    this.#hasListed = true;
    this.#ahead = 0;
    this.#synced.resolve(undefined);
  }

  async #listPages(limit: number | undefined): Promise<string> {
    const { api, path, query } = this.#options;
    const { signal } = this.#stopping;
    this.#cache.beginList();
    let token: string | undefined;
    for (;;) {
      const page = await api.list<S>(path, {
        query: { ...query, limit, continue: token },
        signal,
        timeoutMs: 120_000,
      });
      signal.throwIfAborted();
      for (const object of page.items) this.#cache.put(object);
      token = page.metadata.continue;
      if (token === undefined || token === '') {
        this.#cache.endList();
        return page.metadata.resourceVersion;
      }
    }
  }

  async #watch(): Promise<void> {
    const { api, path, query, silenceMs, watchSeconds, clock, backoff } = this.#options;
    const { signal } = this.#stopping;
    const began = clock.now();
    const events = api.watch<S>(path, {
      query: {
        ...query,
        allowWatchBookmarks: true,
        resourceVersion: this.#position,
        timeoutSeconds: watchSeconds(),
      },
      signal,
      silenceMs,
    });
    let isGood = false;
    try {
      for await (const event of events) {
        if (this.#isStopped) return;
        if (event.type === 'DELETED') this.#cache.remove(event.object);
        else if (event.type !== 'BOOKMARK') this.#cache.put(event.object);
        this.#position = event.object.metadata.resourceVersion ?? this.#position;
        this.#ahead = 0;
        isGood = true;
      }
    } finally {
      isGood ||= clock.now() - began >= goodWatchMs;
      if (isGood) backoff.reset();
      this.#options.onRestart?.();
    }
    // Watches that end as soon as they are begun must not become a busy loop.
    if (!isGood) await sleep(clock, backoff.next(), signal);
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #tell(change: Change<T>): void {
    if (this.#isStopped) return;
    try {
      this.#options.onChange(change);
    } catch (error) {
      this.#options.onError?.(error);
    }
  }
}
