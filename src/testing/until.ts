import { setTimeout as delay } from 'node:timers/promises';

/** Resolves once the condition holds, which is looked at every 10 ms: for what gives no event. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(10);
}
