import { Worker } from 'node:worker_threads';
import type { KubeConfig } from '@kubernetes/client-node';
import { Backoff } from '../service/backoff.ts';
import { monotonicClock } from './clock.ts';
import type { Change } from './objectCache.ts';
import { taken, type PodReflectorData, type PodReflectorMessage } from './podReflectorMessages.ts';
import { sleep } from './sleep.ts';
import type { TrimmedPod } from './trimPod.ts';

export interface PodReflectorOptions {
  kubeConfig: KubeConfig;
  userAgent?: string;
  /** Told of changes, many at a time. */
  onChanges: (changes: Change<TrimmedPod>[]) => void;
  onError?: (error: unknown) => void;
  /** A watch was begun anew, for metrics. */
  onRestart?: () => void;
  /** Everything was listed again, for metrics. */
  onRelist?: () => void;
  /** Narrows which pods, such as { labelSelector: 'a=b' }. */
  query?: Record<string, string>;
  /** As a Reflector's. */
  silenceMs?: number;
}

/**
 * Keeps the pods that are bound to nodes, trimmed to what attribution needs. It lists, watches and trims in a worker
 * thread: 150,000 pods are 1.2 GB of JSON, which would stall this thread for seconds a page. A worker that dies is
 * replaced, and what it missed is told as changes.
 */
export class PodReflector {
  readonly #options: PodReflectorOptions;
  readonly #pods = new Map<string, TrimmedPod>();
  readonly #stopping = new AbortController();
  readonly #synced = Promise.withResolvers<undefined>();
  readonly #ended: Promise<void>;
  #worker: Worker | undefined;

  /** Begins at once. */
  constructor(options: PodReflectorOptions) {
    this.#options = options;
    this.#synced.promise.catch(() => undefined); // nobody may be waiting for it
    this.#ended = this.#run();
  }

  /** Resolves once all pods were listed; rejects when stopped before. */
  get synced(): Promise<undefined> {
    return this.#synced.promise;
  }

  get size(): number {
    return this.#pods.size;
  }

  /** The pod of this UID. */
  get(uid: string): TrimmedPod | undefined {
    return this.#pods.get(uid);
  }

  values(): MapIterator<TrimmedPod> {
    return this.#pods.values();
  }

  /** Whether the pod is on the node, and has not run to its end. */
  has(uid: string, nodeName: string): boolean {
    const pod = this.#pods.get(uid);
    return pod?.nodeName === nodeName && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
  }

  /** Ends the worker; nothing is told afterwards. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#synced.reject(new Error('the pod reflector was stopped before it had listed'));
    await this.#worker?.terminate();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const backoff = new Backoff({ firstMs: 500, maxMs: 30_000 });
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const code = await this.#runWorker(backoff);
      this.#worker = undefined;
      if (this.#isStopped) return;
      this.#options.onError?.(
        new Error(`the thread that watches pods ended with status ${code}; it is replaced`),
      );
      await sleep(monotonicClock, backoff.next(), signal);
    }
  }

  #runWorker(backoff: Backoff): Promise<number> {
    const { kubeConfig, userAgent = 'traceprobe', query = {}, silenceMs } = this.#options;
    const { clusters, users, contexts, currentContext } = kubeConfig;
    const workerData: PodReflectorData = {
      // As plain data: a thread is handed no functions.
      kubeConfig: structuredClone({ clusters, users, contexts, currentContext }),
      ...{ userAgent, query, silenceMs },
    };
    const worker = new Worker(workerUrl(), { workerData, name: 'pod-reflector' });
    this.#worker = worker;
    /** UIDs of this worker's first list. */
    let listed: Set<string> | undefined = new Set();
    worker.on('message', (message: PodReflectorMessage) => {
      if (this.#isStopped) return;
      switch (message.type) {
        case 'changes':
          this.#apply(message.changes, listed);
          // Only now the next ones: all messages that wait are handled in one turn, and that would be a long one.
          setImmediate(() => {
            worker.postMessage(taken);
          });
          break;
        case 'synced':
          this.#removeUnless(listed);
          listed = undefined;
          backoff.reset();
          this.#synced.resolve(undefined);
          break;
        case 'restart':
          this.#options.onRestart?.();
          break;
        case 'relist':
          this.#options.onRelist?.();
          break;
        case 'error':
          this.#options.onError?.(new Error(message.message));
      }
    });
    return new Promise((resolve) => {
      worker.on('error', (error) => {
        if (!this.#isStopped) this.#options.onError?.(error);
      });
      worker.on('exit', resolve);
    });
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #apply(changes: Change<TrimmedPod>[], listed: Set<string> | undefined): void {
    const told = changes.map((change): Change<TrimmedPod> => {
      const { object } = change;
      const previous = this.#pods.get(object.uid);
      if (change.type === 'deleted') {
        this.#pods.delete(object.uid);
        listed?.delete(object.uid);
        return change;
      }
      this.#pods.set(object.uid, object);
      listed?.add(object.uid);
      return previous === undefined ? { type: 'added', object } : { type: 'changed', object, previous };
    });
    this.#tell(told);
  }

  /** Pods that an earlier worker knew, and that went while there was none. */
  #removeUnless(listed: Set<string> | undefined): void {
    const gone = [...this.#pods.values()].filter(({ uid }) => listed?.has(uid) === false);
    for (const { uid } of gone) this.#pods.delete(uid);
    this.#tell(gone.map((object): Change<TrimmedPod> => ({ type: 'deleted', object })));
  }

  #tell(changes: Change<TrimmedPod>[]): void {
    if (changes.length === 0) return;
    try {
      this.#options.onChanges(changes);
    } catch (error) {
      this.#options.onError?.(error);
    }
  }
}

/** Beside this file among the sources; in a bundle, two levels below the package's root as every bundle is. */
function workerUrl(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('./podReflectorWorker.ts', import.meta.url)
    : new URL('../kubernetes/podReflectorWorker.js', import.meta.url);
}
