import type { Positions } from './positions.ts';
import { PositionsError } from './positionsError.ts';

/** Longer than any shipper waits before it notes what it has read (Promtail and Alloy: 10 s unless told otherwise). */
const patienceMilliseconds = 30_000;

/**
 * Why positions say nothing of now, undefined when they do: there has been something to read since `unreadSince`
 * (milliseconds since 1970, when the oldest unread byte was written), and the shipper has written no note since. Those of a
 * shipper that has nothing to read are never stale.
 */
export function staleness(
  positions: Positions,
  path: string,
  unreadSince: number,
  now: number,
): PositionsError | undefined {
  if (positions.writtenAt >= unreadSince || now - unreadSince < patienceMilliseconds) return undefined;
  return new PositionsError(
    'Stale',
    path,
    // No ages: the words stay the same while it lasts, and are those of other nodes.
    `there has been something to read for more than ${patienceMilliseconds / 1000} s, and nothing was noted since`,
    'see whether the shipper runs and reads these files, and whether this is where it notes them',
  );
}
