import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import type { Account } from '../../agent/account.ts';
import type { ProbeBatch } from '../../agent/host.ts';
import { LiveFeed } from '../../aggregator/live.ts';
import type { StoredBatch, StoreFrame } from '../../aggregator/store/frame.ts';
import type { Store, StoreEvents, StoreFailing } from '../../aggregator/store/store.ts';
import { RunStorage } from './runStorage.ts';

const account: Account = {
  ...{ attempted: 4n, filteredInKernel: 0n, captured: 4n, open: 0n, filteredNatively: 0n, delivered: 4n },
  ...{ lost: {}, missed: 0n, unattributed: 0n },
};

/** A store whose commits come when the test says. */
class HeldStore extends EventEmitter<StoreEvents> {
  failing: StoreFailing | undefined;
  readonly frames: StoreFrame[] = [];
  readonly #held: PromiseWithResolvers<undefined>[] = [];

  async add(frame: StoreFrame): Promise<StoredBatch[]> {
    this.frames.push(frame);
    const held = Promise.withResolvers<undefined>();
    this.#held.push(held);
    await held.promise;
    return frame.batches.map(() => ({ rows: 2, firstRow: 0, stored: 2 }));
  }

  closeStream(): Promise<void> {
    return Promise.resolve();
  }

  commit(): void {
    for (const { resolve } of this.#held.splice(0)) resolve(undefined);
  }

  refuse(error: Error): void {
    for (const { reject } of this.#held.splice(0)) reject(error);
  }
}

function storageOn(store: HeldStore): { storage: RunStorage; lost: Error[] } {
  const lost: Error[] = [];
  const storage = new RunStorage({
    store: store as unknown as Store,
    feed: new LiveFeed(),
    host: { epoch: Buffer.alloc(16), probes: [], account: () => account },
    node: 'here',
    onLost: (error) => lost.push(error),
  });
  return { storage, lost };
}

function batch(size = 10): ProbeBatch {
  const point = { name: 'p', columns: [] };
  const probe = { uid: 'u', name: 'n', generation: 1n, points: [point] };
  return { probe, point, rows: 2, bytes: Buffer.alloc(size) } as unknown as ProbeBatch;
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  const turn = new Promise((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([promise, turn])) === pending;
}

test('what is said to be stored has been committed, and the last frame is the final account', async () => {
  const store = new HeldStore();
  const { storage } = storageOn(store);
  await storage.take([batch(), batch()]);
  const stopped = storage.stopped('u', account);
  expect(await isPending(stopped)).toBe(true);
  store.commit();
  expect(await stopped).toBe(4n);
  expect(store.frames.at(-1)?.accounts).toMatchObject([
    { probeUid: 'u', account: { final: true, captured: 4n } },
  ]);
  await storage.close();
});

test('batches are held back while too much waits for its commit', async () => {
  const store = new HeldStore();
  const { storage } = storageOn(store);
  const taken = storage.take([batch(17 << 20)]);
  expect(await isPending(taken)).toBe(true);
  store.commit();
  await taken;
  await storage.close();
});

test('at its end a run does not wait for a store that cannot write', async () => {
  const store = new HeldStore();
  const { storage } = storageOn(store);
  const taken = storage.take([batch(17 << 20)]);
  storage.end();
  const stopped = storage.stopped('u', account);
  expect(await isPending(stopped)).toBe(true);
  store.failing = { failure: 'disk', message: 'full' };
  store.emit('failing', store.failing);
  await taken;
  expect(await stopped).toBe(0n);
  await storage.close();
});

test('that the store is lost is told once, and nothing waits for it', async () => {
  const store = new HeldStore();
  const { storage, lost } = storageOn(store);
  const taken = storage.take([batch(9 << 20), batch(9 << 20)]);
  store.refuse(new Error('gone'));
  await taken;
  expect(lost.map(({ message }) => message)).toEqual(['gone']);
  expect(await storage.stopped('u', account)).toBe(0n);
  await storage.close();
});
