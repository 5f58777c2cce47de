/** What retention looks at. Times are ms since the Unix epoch. */
export interface RetainedProbe {
  uid: string;
  maxAgeMs: number;
  /** 0: no limit of its own. */
  maxBytes: number;
  deleted: number | undefined;
  /** Oldest first. */
  slices: readonly RetainedSlice[];
}

export interface RetainedSlice {
  slice: number;
  opened: number;
  /** undefined: rows are added to it. */
  closed: number | undefined;
  bytes: number;
}

export interface RetentionLimits {
  /** Of all probes together; bytes of used blocks. */
  maxBytes: number;
  /** How long the events of a deleted probe can be read. */
  deletedGraceMs: number;
}

/** Why a slice goes. */
export type DropReason = 'age' | 'probe_bytes' | 'total_bytes' | 'deleted';

export interface Drop {
  probeUid: string;
  slice: number;
  reason: DropReason;
}

/** How many slices the retention of a probe is cut into: so much more than asked for is kept at most. */
export const slicesPerRetention = 12;

/**
 * Which slices are to be dropped, oldest first. Slices that rows are added to stay: they are closed by isFull().
 *
 * @param usedBytes of the whole file
 */
export function dropsOf(
  probes: readonly RetainedProbe[],
  usedBytes: number,
  { maxBytes, deletedGraceMs }: RetentionLimits,
  now: number,
): Drop[] {
  const drops: Drop[] = [];
  const left: { probeUid: string; slice: RetainedSlice }[] = [];
  let used = usedBytes;
  for (const probe of probes) {
    let bytes = probe.slices.reduce((sum, slice) => sum + slice.bytes, 0);
    for (const slice of probe.slices) {
      if (slice.closed === undefined) continue;
      const reason = reasonToDrop(probe, slice.closed, bytes, deletedGraceMs, now);
      if (reason === undefined) {
        left.push({ probeUid: probe.uid, slice });
        continue;
      }
      drops.push({ probeUid: probe.uid, slice: slice.slice, reason });
      bytes -= slice.bytes;
      used -= slice.bytes;
    }
  }
  left.sort((a, b) => a.slice.opened - b.slice.opened);
  for (const { probeUid, slice } of left) {
    if (used <= maxBytes) break;
    drops.push({ probeUid, slice: slice.slice, reason: 'total_bytes' });
    used -= slice.bytes;
  }
  return drops;
}

function reasonToDrop(
  { maxAgeMs, maxBytes, deleted }: RetainedProbe,
  closed: number,
  bytes: number,
  deletedGraceMs: number,
  now: number,
): DropReason | undefined {
  if (deleted !== undefined && deleted + deletedGraceMs <= now) return 'deleted';
  if (closed + maxAgeMs <= now) return 'age';
  if (maxBytes > 0 && bytes > maxBytes) return 'probe_bytes';
  return undefined;
}

/** Whether a slice that rows are added to has had its share of the retention. */
export function isFull(
  probe: Pick<RetainedProbe, 'maxAgeMs' | 'maxBytes' | 'deleted'>,
  { opened, bytes }: RetainedSlice,
  limits: RetentionLimits,
  now: number,
): boolean {
  const share =
    Math.min(probe.maxBytes === 0 ? Infinity : probe.maxBytes, limits.maxBytes) / slicesPerRetention;
  const duration = Math.max(probe.maxAgeMs / slicesPerRetention, 1000);
  return opened + duration <= now || bytes >= share || probe.deleted !== undefined;
}
