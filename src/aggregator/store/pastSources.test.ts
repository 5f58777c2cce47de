import { expect, jest, test } from '@jest/globals';
import { describe, epoch, frameOf } from './testing/frames.ts';
import { TempEngine } from './testing/tempEngine.ts';

// Commits wait for a disk that others may use too.
jest.setTimeout(60_000);

const next = '0304';
const account = {
  ...{ attempted: 3n, filteredInKernel: 0n, captured: 3n, open: 0n, filteredNatively: 0n, lost: {} },
  ...{ missed: 0n, delivered: 3n, final: true, killed: false, unknownSince: 0n, unattributed: 0n },
};
const final = [{ epoch, probeUid: 'uid-1', account }];
const sources = 'SELECT epoch, probe_uid FROM meta.sources ORDER BY id';
const sweep = { supersededMs: 0 };
/** Its slices are full and too many at once. */
const short = describe({ maxAgeMs: 1, maxBytes: 12 });

test('a life that is over is forgotten with its last event, and what comes of it again is known', async () => {
  await using temp = await TempEngine.open(sweep);
  const again = [
    frameOf(1, [{ first: 0, rows: 2, point: short }]),
    frameOf(3, [{ first: 2, rows: 1, point: short }], { accounts: final }),
  ];
  for (const frame of again) await temp.engine.add(frame).committed;
  const rows = [{ first: 0, rows: 4, point: short, epoch: next }];
  await temp.engine.add(frameOf(1, rows, { epoch: next })).committed;
  await temp.engine.retain();
  await temp.engine.retain();
  expect(await temp.run(sources)).toEqual([
    [epoch, ''],
    [next, ''],
    [next, 'uid-1'],
  ]);
  for (let life = 0; life < 2; life++) {
    for (const frame of again) {
      const addition = temp.engine.add(frame);
      await addition.committed;
      expect(addition.stored).toMatchObject([{ stored: 0 }]);
    }
    await temp.engine.add(frameOf(0, [], { accounts: final })).committed;
    const taken = temp.engine.add(frameOf(1, rows, { epoch: next }));
    await taken.committed;
    expect(taken.stored).toMatchObject([{ stored: 0 }]);
    expect(temp.engine.loss()).toMatchObject([{ epoch: next, stored: 4n, missing: 0n }]);
    await temp.reopen(sweep);
  }
});

test('a life with a stored event, without its last account or without a next life is kept', async () => {
  await using temp = await TempEngine.open(sweep);
  const add = async (nodeUid: string, of: string, point = short, accounts = final): Promise<void> => {
    const rows = [{ first: 0, rows: 3, point, epoch: of }];
    await temp.engine.add(frameOf(1, rows, { nodeUid, epoch: of, accounts })).committed;
  };
  await add('stored', epoch, describe({ probeUid: 'uid-2', probeName: 'kept', maxAgeMs: 1 }), [
    { epoch, probeUid: 'uid-2', account },
  ]);
  await add('stored', next, short, []);
  await add('live', epoch, short, []);
  await add('live', next, short, []);
  await add('alone', epoch);
  await temp.engine.retain();
  await temp.engine.retain();
  expect(
    await temp.run("SELECT node_uid, epoch FROM meta.sources WHERE probe_uid <> '' ORDER BY id"),
  ).toEqual([
    ['stored', epoch],
    ['stored', next],
    ['live', epoch],
    ['live', next],
    ['alone', epoch],
  ]);
});

test('gone nodes and deleted probes leave nothing for ever', async () => {
  await using temp = await TempEngine.open({ deletedGraceMs: 0 });
  temp.engine.setProbes([]);
  await temp.engine.add(frameOf(2, [{ first: 5, rows: 3, point: short }])).committed;
  await temp.engine.retain();
  await temp.engine.retain();
  expect(await temp.run(sources)).toEqual([[epoch, '']]);
  await temp.reopen({ silentMs: 0 });
  await temp.engine.retain();
  expect(await temp.run(sources)).toEqual([]);
  expect(await temp.run('FROM meta.gaps')).toEqual([]);
});
