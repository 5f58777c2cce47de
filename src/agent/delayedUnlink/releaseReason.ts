/** Why a kept file is deleted now. */
export type ReleaseReason = 'Read' | 'MaxDelay' | 'DiskLow' | 'ProbeGone' | 'Asked';

/** What is known of a kept file when it is decided upon. */
export interface KeptState {
  /** Bytes. */
  size: bigint;
  /** Bytes that the shipper has read; undefined: its notes say nothing of this file, or there are none. */
  read: bigint | undefined;
  /** Since it was to be deleted. */
  ageMilliseconds: number;
}

/**
 * Whether a kept file goes now, and why; undefined: it waits.
 * @param limits.maxDelayMilliseconds undefined: its probe is gone
 * @param limits.diskLow less of the file system is free than is to stay so
 */
export function releaseReason(
  { size, read, ageMilliseconds }: KeptState,
  limits: { maxDelayMilliseconds: number | undefined; diskLow: boolean },
): ReleaseReason | undefined {
  // More than there is: these notes are of another content, as after a truncation.
  if (size === 0n || read === size) return 'Read';
  if (limits.maxDelayMilliseconds === undefined) return 'ProbeGone';
  if (limits.diskLow) return 'DiskLow';
  return ageMilliseconds >= limits.maxDelayMilliseconds ? 'MaxDelay' : undefined;
}
