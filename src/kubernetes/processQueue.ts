import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WorkQueue } from './workQueue.ts';

/** Looks at the world for a key and moves it one step; when it is to be called again anyhow, says in how long. */
export type Reconcile = (key: string) => Promise<{ againAfterMs: number } | undefined>;

export interface ProcessQueueOptions {
  /** How many keys are worked on at once. Default 1. */
  concurrency?: number;
  /** Told of each failure; the key is tried again. */
  onError: (key: string, error: unknown) => void;
  /** Told how long each call took, for metrics. */
  onReconciled?: (key: string, milliseconds: number) => void;
}

/** Works on the keys of a queue until it is shut down and what was begun has ended. */
export async function processQueue(
  queue: WorkQueue,
  reconcile: Reconcile,
  { concurrency = 1, onError, onReconciled }: ProcessQueueOptions,
): Promise<void> {
  async function work(): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      const began = performance.now();
      try {
        const wish = await reconcile(key);
        queue.forget(key);
        if (wish !== undefined) queue.addAfter(key, wish.againAfterMs);
      } catch (error) {
        onError(key, error);
        queue.retry(key);
      } finally {
        onReconciled?.(key, performance.now() - began);
        queue.done(key);
      }
      // Keys without input or output would all be worked on in this one.
      await nextTurn();
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work));
}
