import { expect, test } from '@jest/globals';
import { imbalance } from '../../src/agent/account.ts';
import { Host } from '../../src/agent/host.ts';
import { encodeRecord, type RecordOrigin } from '../../src/capture/encodeRecord.ts';
import { decodeBatch } from '../../src/codec/decodeBatch.ts';
import { rowsOf, type Row } from '../../src/codec/rowsOf.ts';
import { delayedUnlinkPoint } from '../../src/probe/delayedUnlink/delayedUnlinkPoint.ts';
import type { ProbePlan } from '../../src/probe/plan.ts';

const point = delayedUnlinkPoint('');
const types = point.columns.map(({ type }) => type);
const origin: RecordOrigin = {
  ...{ time: 1n, pid: 12, tid: 13, ppid: 1, uid: 1000, gid: 100, cgroup: 4242n, comm: 'kubelet' },
};
const record = encodeRecord(point, origin, ['Held', '', '/var/log/a.log', 5, undefined, 7, 9]);

function planOf(rate: number): ProbePlan {
  return {
    ...{ name: 'told', uid: 'told', generation: 1n, cpuPercent: 100, builtin: undefined },
    ...{ rate, points: [point] },
  };
}

test('events that the agent tells are whose they are said to be, and stand in the account', async () => {
  const rows: Row[] = [];
  const host = new Host({
    onBatches: (batches) => {
      for (const { bytes } of batches) rows.push(...rowsOf(decodeBatch(bytes, types), point.columns));
    },
  });
  await host.apply(planOf(0));
  expect(host.report('told', 'files', record)).toBe(true);
  const account = await host.stop('told');
  await host.close();
  expect(rows).toMatchObject([
    {
      ...{ pid: 12, tid: 13, ppid: 1, uid: 1000, gid: 100, cgroup: 4242n, comm: 'kubelet' },
      fields: { action: 'Held', why: '', path: '/var/log/a.log', size: 5, unread: null, age: 7, inode: 9 },
    },
  ]);
  expect(account).toMatchObject({ attempted: 1n, captured: 1n, delivered: 1n, lost: {} });
});

test('they keep to the rate of the probe, and what is beyond it is counted', async () => {
  const host = new Host({ onBatches: () => undefined });
  await host.apply(planOf(10));
  for (let n = 0; n < 1000; n++) host.report('told', 'files', record);
  const account = await host.stop('told');
  await host.close();
  expect(account.attempted).toBe(1000n);
  expect(account.lost.rate).toBeGreaterThan(0n);
  expect(imbalance(account)).toEqual({ kernel: 0n, delivery: 0n });
});

test('what is no record is not taken, and not counted', async () => {
  const host = new Host({ onBatches: () => undefined });
  await host.apply(planOf(0));
  expect(host.report('told', 'files', Buffer.alloc(63))).toBe(false);
  expect(host.report('told', 'files', Buffer.alloc(1 << 20))).toBe(false);
  expect(await host.stop('told')).toMatchObject({ attempted: 0n, captured: 0n });
  await host.close();
});
