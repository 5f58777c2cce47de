import { expect, test } from '@jest/globals';
import { ApiClient } from '../kubernetes/apiClient.ts';
import { FakeApiServer } from '../kubernetes/testing/fakeApiServer.ts';
import { watchProbes } from './watchProbes.ts';

test('the store is told names and retention of all TraceProbes, once they are known, and of each change', async () => {
  await using server = await FakeApiServer.start();
  using api = new ApiClient(server.kubeConfig);
  const told: unknown[][] = [];
  let next = Promise.withResolvers<undefined>();
  const store = {
    setProbes: (probes: Iterable<unknown>): Promise<void> => {
      told.push([...probes]);
      next.resolve(undefined);
      return Promise.resolve();
    },
  };
  const until = async (count: number): Promise<unknown> => {
    while (told.length < count) {
      await next.promise;
      next = Promise.withResolvers();
    }
    return told.at(-1);
  };
  const spec = { retention: { maxAge: '2h', maxBytes: '1Gi' } };
  server.put('opens', { spec }, 'uid-1');
  server.put('exits', {}, 'uid-2');
  const watching = watchProbes({ api, store, onError: () => undefined });
  try {
    const opens = { uid: 'uid-1', name: 'opens', maxAgeMs: 7_200_000, maxBytes: 2 ** 30 };
    expect(await until(1)).toEqual([opens, { uid: 'uid-2', name: 'exits' }]);
    server.put('exits', { status: { message: 'nothing of the spec' } }, 'uid-2');
    server.put('opens', { spec: { retention: { maxAge: '3h', maxBytes: '1Gi' } } }, 'uid-1');
    expect(await until(2)).toEqual([
      { ...opens, maxAgeMs: 10_800_000 },
      { uid: 'uid-2', name: 'exits' },
    ]);
    server.delete('opens');
    expect(await until(3)).toEqual([{ uid: 'uid-2', name: 'exits' }]);
    server.put('opens', { spec }, 'uid-3');
    expect(await until(4)).toEqual([
      { uid: 'uid-2', name: 'exits' },
      { ...opens, uid: 'uid-3' },
    ]);
  } finally {
    await watching.stop();
  }
}, 60_000);
