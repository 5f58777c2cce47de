import { expect, test } from '@jest/globals';
import type { LiveBatch } from '../../live.ts';
import { LiveQueue } from './liveQueue.ts';

const never = new AbortController().signal;

function batch(rows: number, bytes: number, firstRow = 0): LiveBatch {
  const point = { probeUid: 'u', probeName: 'p', generation: 1n, point: 0, pointName: 'a', columns: [] };
  return { nodeName: 'n', point, rows, firstRow, bytes: new Uint8Array(bytes) };
}

test('what does not fit is counted in its place, and what follows is shown again once there is room', async () => {
  let now = 10;
  const queue = new LiveQueue(100, () => now++);
  const [first, second, later] = [batch(1, 60), batch(2, 40), batch(5, 50)];
  for (const each of [first, second, batch(3, 10), batch(4, 10, 1)]) queue.push(each);
  expect(await queue.next(never)).toEqual({ batch: first });
  // 40 bytes are left: below half of what may wait.
  queue.push(batch(7, 20));
  expect(await queue.next(never)).toEqual({ batch: second });
  queue.push(later);
  expect(await queue.next(never)).toEqual({ missed: { events: 13, from: 10, until: 12 } });
  expect(await queue.next(never)).toEqual({ batch: later });
});

test('a batch larger than the queue is taken when nothing else waits', async () => {
  const queue = new LiveQueue(100);
  const large = batch(1, 1000);
  const next = queue.next(never);
  queue.push(large);
  expect(await next).toEqual({ batch: large });
});

test('who waits is woken by the signal', async () => {
  const queue = new LiveQueue(100);
  const controller = new AbortController();
  const next = queue.next(controller.signal);
  controller.abort(new Error('enough'));
  await expect(next).rejects.toThrow('enough');
});
