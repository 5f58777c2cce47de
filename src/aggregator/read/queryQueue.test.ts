import { expect, test } from '@jest/globals';
import { QueryQueue, QueueFullError } from './queryQueue.ts';

const never = new AbortController().signal;

test('so many run at once, the next ones in the order they came, and more are refused', async () => {
  const queue = new QueryQueue(1, 2);
  const first = await queue.turn(never);
  const order: string[] = [];
  const second = queue.turn(never).then((turn) => (order.push('second'), turn));
  const third = queue.turn(never).then((turn) => (order.push('third'), turn));
  await expect(queue.turn(never)).rejects.toThrow(QueueFullError);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  expect(order).toEqual(['second', 'third']);
  using _again = await queue.turn(never);
});

test('who gives up while waiting leaves the line', async () => {
  const queue = new QueryQueue(1, 1);
  const first = await queue.turn(never);
  const impatient = new AbortController();
  const second = queue.turn(impatient.signal);
  impatient.abort(new Error('gone'));
  await expect(second).rejects.toThrow('gone');
  const third = queue.turn(never);
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
});
