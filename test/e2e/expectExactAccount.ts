import { expect } from '@jest/globals';
import type { Event, Probes } from './probes.ts';

/**
 * Everything that a probe of opens captured is there, once, and nothing else; each opened a file of its own. The probe is
 * suspended for it. Its events.
 */
export async function expectExactAccount(probes: Probes, name: string): Promise<Event[]> {
  const account = await probes.accountAtRest(name);
  const events = await probes.events(name);
  expect(new Set(events.map(({ filename }) => filename)).size).toBe(events.length);
  expect(account).toMatchObject({ stored: events.length, open: 0 });
  return events;
}
