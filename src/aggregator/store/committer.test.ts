import { expect, jest, test } from '@jest/globals';
import { FrameError } from './frame.ts';
import { describe, frameOf } from './testing/frames.ts';
import { TempEngine } from './testing/tempEngine.ts';

// Commits wait for a disk that others may use too.
jest.setTimeout(60_000);

test('closed while commits fail, it stores nothing that came later: what was not acked is stored when it comes again', async () => {
  const failed = Promise.withResolvers<undefined>();
  let closing = false;
  const failing = (): void => {
    failed.resolve(undefined);
    // There is room again, just after the last attempt.
    if (closing) temp.options.diskReserve = 0;
  };
  await using temp = await TempEngine.open({}, { failing });
  const store = temp.engine;
  await store.add(frameOf(1, [{ first: 0, rows: 10 }])).committed;
  temp.options.diskReserve = 2 ** 60;
  const first = store.add(frameOf(2, [{ first: 10, rows: 10 }])).committed;
  await failed.promise;
  const second = store.add(frameOf(3, [{ first: 20, rows: 10 }])).committed;
  closing = true;
  const settled = Promise.allSettled([first, second]);
  await store.close();
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);

  await temp.reopen();
  const again = temp.engine;
  await again.add(frameOf(2, [{ first: 10, rows: 10 }])).committed;
  await again.add(frameOf(3, [{ first: 20, rows: 10 }])).committed;
  expect(again.loss()).toMatchObject([{ stored: 30n, missing: 0n }]);
  expect(await temp.run('SELECT count(*), count(DISTINCT n) FROM events.opens')).toEqual([[30n, 30n]]);
});

test('a frame that can never be stored is refused, all others are stored, and the store goes on', async () => {
  const told: (string | undefined)[] = [];
  await using temp = await TempEngine.open({}, { failing: (failure) => told.push(failure?.message) });
  const store = temp.engine;
  await store.add(frameOf(1, [{ first: 0, rows: 10 }])).committed;
  // No table of this probe can be made.
  await temp.run('CREATE TABLE data.e_uid_2_0_0_0 (i INT)');
  const poison = describe({ probeUid: 'uid-2', probeName: 'poison' });
  const frames = [
    frameOf(2, [{ first: 10, rows: 10 }]),
    frameOf(3, [
      { first: 20, rows: 10 },
      { first: 0, rows: 5, point: poison },
    ]),
    frameOf(4, [{ first: 30, rows: 10 }]),
    frameOf(5, [{ first: 40, rows: 10 }]),
  ];
  const added = await Promise.allSettled(frames.map((frame) => store.add(frame).committed));
  expect(added.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  const [, refused] = added;
  expect(refused?.status === 'rejected' && (refused.reason as unknown)).toBeInstanceOf(FrameError);
  expect(String(refused?.status === 'rejected' && refused.reason)).toMatch(
    /cannot be stored, although others can: .*e_uid_2_0_0_0.* already exists/,
  );
  expect(told.at(-1)).toBeUndefined();
  // As its agent says of it, from now on.
  await store.add(frameOf(6, [{ first: 50, rows: 10 }])).committed;
  expect(await temp.run('SELECT count(*), count(DISTINCT n) FROM events.opens')).toEqual([[50n, 50n]]);
  expect(store.loss()).toMatchObject([{ probeUid: 'uid-1', stored: 50n, missing: 10n, lost: { gap: 10n } }]);
});

test('what the agent counts as refused is the account of a frame that could not be stored', async () => {
  await using temp = await TempEngine.open();
  const store = temp.engine;
  await temp.run('CREATE TABLE data.e_uid_1_0_0_0 (i INT)');
  await expect(store.add(frameOf(1, [{ first: 0, rows: 10 }])).committed).rejects.toBeInstanceOf(FrameError);
  await temp.run('DROP TABLE data.e_uid_1_0_0_0');
  const account = {
    ...{ attempted: 30n, filteredInKernel: 0n, captured: 30n, open: 0n, filteredNatively: 0n },
    ...{ lost: { refused: 10n }, missed: 0n, delivered: 20n, final: true, killed: false },
    ...{ unknownSince: 0n, unattributed: 0n },
  };
  const accounts = [{ epoch: '0102', probeUid: 'uid-1', account }];
  await store.add(frameOf(2, [{ first: 10, rows: 20 }], { accounts })).committed;
  expect(store.loss()).toMatchObject([{ stored: 20n, missing: 10n, inFlight: 0n, lost: { refused: 10n } }]);
});

test('no frame is refused while nothing at all can be stored', async () => {
  let failures = 0;
  const many = Promise.withResolvers<undefined>();
  const failing = (failure: unknown): void => {
    if (failure !== undefined && ++failures === 8) many.resolve(undefined);
  };
  await using temp = await TempEngine.open({}, { failing });
  const store = temp.engine;
  await store.add(frameOf(1, [{ first: 0, rows: 10 }])).committed;
  // As if the disk refused every write.
  await temp.run('ALTER TABLE meta.progress_1 ADD COLUMN wrong INT');
  const added = store.add(frameOf(2, [{ first: 10, rows: 10 }])).committed;
  await many.promise;
  await temp.run('ALTER TABLE meta.progress_1 DROP COLUMN wrong');
  await added;
  expect(store.loss()).toMatchObject([{ stored: 20n, missing: 0n }]);
});
