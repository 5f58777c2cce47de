import { expect, jest, test } from '@jest/globals';
import { describe, frameOf } from './testing/frames.ts';
import { TempEngine } from './testing/tempEngine.ts';

// Commits wait for a disk that others may use too.
jest.setTimeout(60_000);

const opens = { uid: 'uid-1', name: 'opens', maxAgeMs: 5000, maxBytes: 7000 };
const stranger = describe({ probeUid: 'uid-2', maxAgeMs: 1, maxBytes: 1 });
const current = 'SELECT uid, max_age_ms, max_bytes FROM meta.probes WHERE is_current';

test('no agent gives a name to another probe, nor another retention, than the API server does', async () => {
  await using temp = await TempEngine.open();
  const { engine } = temp;
  engine.setProbes([opens]);
  const point = describe({ maxAgeMs: 1, maxBytes: 1 });
  await engine.add(frameOf(1, [{ first: 0, rows: 3, point }])).committed;
  await engine.add(frameOf(2, [{ first: 0, rows: 1, point: stranger }])).committed;
  expect(await temp.run('SELECT count(*) FROM events.opens')).toEqual([[3n]]);
  expect(await temp.run(current)).toEqual([['uid-1', 5000n, 7000n]]);
  expect(await temp.run('SELECT uid FROM meta.probes WHERE deleted IS NOT NULL')).toEqual([['uid-2']]);
  expect(() => engine.add(frameOf(3, [], { schemas: [describe({ probeName: 'exits' })] }))).toThrow(
    "probe 'uid-1' is called 'opens', not 'exits': names never change",
  );
});

test('what agents said before anybody knew is put right, also what they called a probe', async () => {
  await using temp = await TempEngine.open();
  const { engine } = temp;
  await engine.add(frameOf(1, [{ first: 0, rows: 3, point: describe({ probeName: 'exits' }) }])).committed;
  await engine.add(frameOf(2, [{ first: 0, rows: 1, point: stranger }])).committed;
  expect(await temp.run('SELECT count(*) FROM events.opens')).toEqual([[1n]]);
  engine.setProbes([opens]);
  await engine.commit();
  expect(await temp.run('SELECT count(*) FROM events.opens')).toEqual([[3n]]);
  expect(await temp.run('SELECT view_name FROM meta.views ORDER BY 1')).toEqual([['opens'], ['opens/open']]);
  expect(await temp.run(current)).toEqual([['uid-1', 5000n, 7000n]]);
  await temp.reopen();
  expect(await temp.run(current)).toEqual([['uid-1', 5000n, 7000n]]);
});

test('the name follows the newest TraceProbe, and a deleted one keeps it until there is another', async () => {
  await using temp = await TempEngine.open();
  const { engine } = temp;
  engine.setProbes([opens]);
  await engine.add(frameOf(1, [{ first: 0, rows: 3 }])).committed;
  engine.setProbes([]);
  await engine.commit();
  expect(await temp.run('SELECT count(*) FROM events.opens')).toEqual([[3n]]);
  engine.setProbes([{ ...opens, uid: 'uid-2' }]);
  await engine.commit();
  expect(await temp.run('FROM meta.views')).toEqual([]);
  await engine.add(frameOf(2, [{ first: 0, rows: 1, point: stranger }])).committed;
  expect(await temp.run('SELECT count(*) FROM events.opens')).toEqual([[1n]]);
});

test('a retention that is none is refused in words, and nothing of it is kept', async () => {
  await using temp = await TempEngine.open();
  const { engine } = temp;
  for (const maxAgeMs of [-1, 2 ** 64, NaN]) {
    const schemas = [describe({ maxAgeMs })];
    expect(() => engine.add(frameOf(1, [], { schemas }))).toThrow(
      `point schema of 'opens': maxAgeMs is ${maxAgeMs}; a whole number from 0 to 2^53 − 1`,
    );
    expect(() => {
      engine.setProbes([{ ...opens, maxAgeMs }]);
    }).toThrow(`TraceProbe opens: maxAgeMs is ${maxAgeMs}`);
  }
  await engine.commit();
  expect(await temp.run('FROM meta.probes')).toEqual([]);
});
