import type { SourceState } from './sources.ts';

export interface SourceLimits {
  /** Of deleted probes: how long anything of them is kept, in ms. */
  deletedGraceMs: number;
  /** An agent's next life has lasted so long: it sends nothing of the one before any more, in ms. */
  supersededMs: number;
  /** A node that was silent for so long is taken for gone: what it sends of that life then is new, in ms. */
  silentMs: number;
}

/** What is known of a source's probe. */
export interface SourceProbe {
  /** There is no TraceProbe any more, and no event of it. */
  isGone: boolean;
  maxAgeMs: number;
}

/**
 * Sources that nothing more comes of and whose events are too old to be stored, if retention has got so far.
 *
 * A life of an agent is over when the final account of all its probes has come and the next life has gone on for a
 * while: agents send in order, so that everything before was acked. The source that counts its frames goes last, long
 * after the others: as long as it is there, a frame that comes again is known.
 */
export function pastSources(
  sources: Iterable<SourceState>,
  probeOf: (uid: string) => SourceProbe,
  { deletedGraceMs, supersededMs, silentMs }: SourceLimits,
  now: number,
): SourceState[] {
  const past: SourceState[] = [];
  const lives = Map.groupBy(sources, ({ nodeUid, epoch }) => `${nodeUid}/${epoch}`);
  const frames = Map.groupBy(
    [...lives.values()].flatMap((life) => life.filter(({ probeUid }) => probeUid === '')),
    ({ nodeUid }) => nodeUid,
  );
  for (const life of lives.values()) {
    const first = Math.min(...life.map(({ id }) => id));
    const seen = Math.max(...life.map((source) => source.seen));
    const probes = life.filter(({ probeUid }) => probeUid !== '');
    const superseded = (frames.get(life[0]?.nodeUid ?? '') ?? []).some(
      (next) => next.id > first && !life.includes(next) && next.seen >= seen + supersededMs,
    );
    const isSilent = seen + silentMs <= now;
    const isOver = isSilent || (superseded && probes.every(({ account }) => account?.final === true));
    for (const source of probes) {
      const { isGone, maxAgeMs } = probeOf(source.probeUid);
      if (source.seen + (isGone ? deletedGraceMs : maxAgeMs) > now) continue;
      if (isGone || isOver) past.push(source);
    }
    if (probes.length === 0 && isSilent) past.push(...life);
  }
  return past;
}
