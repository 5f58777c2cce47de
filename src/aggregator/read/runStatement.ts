import { StoreError } from '../store/storeError.ts';
import type { StoreReader } from '../store/readResult.ts';
import { MemoryGuard } from './memoryGuard.ts';
import type { QueryQueue } from './queryQueue.ts';
import type { ReadStore } from './readStore.ts';
import { MemoryLimitError, TimeLimitError } from './serviceErrors.ts';

export interface StatementLimits {
  queue: QueryQueue;
  store: ReadStore;
  /** From its turn to its last row, the reader's own slowness included. */
  timeoutMs: number;
  /** Of the whole process: see MemoryGuard. */
  memoryBytes: number;
}

/**
 * Does something with a snapshot of the store when it is one's turn. Whatever runs in it is interrupted when time is
 * over or the reader has gone.
 *
 * @throws TimeLimitError, MemoryLimitError, QueueFullError, StoreError, or the signal's reason
 */
export async function withReader<T>(
  { queue, store, timeoutMs, memoryBytes }: StatementLimits,
  gone: AbortSignal,
  action: (reader: StoreReader, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  using _turn = await queue.turn(gone);
  const timeLimit = new AbortController();
  const timer = setTimeout(() => {
    timeLimit.abort(new TimeLimitError(timeoutMs));
  }, timeoutMs);
  using memory = new MemoryGuard(memoryBytes, () => new MemoryLimitError());
  const signal = AbortSignal.any([gone, timeLimit.signal, memory.signal]);
  const reader = await store.openReader();
  const interrupt = (): void => {
    reader.interrupt();
  };
  signal.addEventListener('abort', interrupt);
  try {
    signal.throwIfAborted();
    return await action(reader, signal);
  } catch (error) {
    if (error instanceof StoreError && error.failure === 'interrupted') signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', interrupt);
    await reader.close();
  }
}
