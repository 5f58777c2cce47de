import { expect, test } from '@jest/globals';
import { ApiError } from './apiError.ts';
import { LeaderElector } from './leaderElector.ts';
import type { LeaseObject } from './leaseRecord.ts';
import { ManualClock } from './testing/manualClock.ts';

/** One Lease with optimistic locking, as the API server keeps it. */
class LeaseStore {
  lease: LeaseObject | undefined;
  isAway = false;
  #version = 0;

  readonly api = {
    get: <T>() => this.#answer<T>(() => this.lease ?? this.#refuse(404, 'NotFound')),
    create: <T>(_: string, object: unknown) =>
      this.#answer<T>(() =>
        this.lease === undefined ? this.#save(object) : this.#refuse(409, 'AlreadyExists'),
      ),
    update: <T>(_: string, object: unknown) =>
      this.#answer<T>(() => {
        const { resourceVersion } = (object as LeaseObject).metadata;
        return resourceVersion === this.lease?.metadata.resourceVersion
          ? this.#save(object)
          : this.#refuse(409, 'Conflict');
      }),
  };

  async #answer<T>(act: () => LeaseObject): Promise<T> {
    await Promise.resolve();
    if (this.isAway) this.#refuse(0, 'Unreachable');
    return structuredClone(act()) as T;
  }

  #save(object: unknown): LeaseObject {
    this.#version += 1;
    this.lease = structuredClone(object) as LeaseObject;
    this.lease.metadata.resourceVersion = String(this.#version);
    return this.lease;
  }

  #refuse(status: number, reason: string): never {
    throw new ApiError({ tried: 'the lease', status, reason, message: reason });
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
}

async function pass(clock: ManualClock, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 500) {
    clock.advance(500);
    await settle();
  }
}

function stand(store: LeaseStore, clock: ManualClock, identity: string, events: string[]): LeaderElector {
  return new LeaderElector({
    ...{ api: store.api, clock, identity },
    namespace: 'n',
    name: 'controller',
    address: `${identity}:7443`,
    onNewLeader: (leader) => events.push(`${identity} sees ${leader?.address ?? 'nobody'}`),
    onStartedLeading(signal) {
      events.push(`${identity} begins`);
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          events.push(`${identity} ends`);
          resolve();
        });
      });
    },
  });
}

// The wall clock all but stands still here: only that records differ tells that the holder lives.
test('one leads, the other knows where; given up, it is taken at the next try', async () => {
  const [store, clock, events] = [new LeaseStore(), new ManualClock(), [] as string[]];
  const first = stand(store, clock, 'first', events);
  await settle();
  const second = stand(store, clock, 'second', events);
  await pass(clock, 60_000);
  expect(events).toEqual(['first sees first:7443', 'first begins', 'second sees first:7443']);
  expect([first.isLeading, second.isLeading, second.leader?.address]).toEqual([true, false, 'first:7443']);
  const stopped = first.stop();
  await settle();
  await stopped;
  await pass(clock, 2500);
  expect(events.slice(3)).toEqual([
    'first ends',
    'first sees nobody',
    'second sees nobody',
    'second sees second:7443',
    'second begins',
  ]);
  void second.stop();
  await settle();
});

test('a holder cut off ends at the renew deadline, before anybody else may lead', async () => {
  const [store, clock, events] = [new LeaseStore(), new ManualClock(), [] as string[]];
  const first = stand(store, clock, 'first', events);
  await pass(clock, 10_000);
  store.isAway = true;
  await pass(clock, 8000); // its last renewal was at most 2 s before
  await pass(clock, 2000);
  expect(first.isLeading).toBe(false);
  expect(events.at(-1)).toBe('first ends');
  store.isAway = false;
  await pass(clock, 4000);
  expect(events.slice(-2)).toEqual(['first ends', 'first begins']);
  void first.stop();
  await settle();
});

test('the dead are followed after the duration they promised, by the clock of who watches', async () => {
  const [store, clock, events] = [new LeaseStore(), new ManualClock(), [] as string[]];
  store.lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'controller', resourceVersion: '0' },
    // By its wall clock long ago: no reason to take it at once.
    spec: { holderIdentity: 'dead', leaseDurationSeconds: 20, renewTime: '2001-01-01T00:00:00.000000Z' },
  };
  const elector = stand(store, clock, 'next', events);
  await pass(clock, 19_500);
  expect(elector.isLeading).toBe(false);
  await pass(clock, 3000);
  expect(elector.isLeading).toBe(true);
  expect(store.lease).toMatchObject({ spec: { holderIdentity: 'next', leaseTransitions: 1 } });
  void elector.stop();
  await settle();
});

test('times that contradict each other are refused', () => {
  const { api } = new LeaseStore();
  const base = { api, namespace: 'n', name: 'l', identity: 'i', address: '' };
  const onStartedLeading = () => Promise.resolve();
  expect(() => new LeaderElector({ ...base, onStartedLeading, renewDeadlineMs: 15_000 })).toThrow(
    'a lease of 15000 ms cannot have a renew deadline of 15000 ms',
  );
});
