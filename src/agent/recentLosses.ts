interface Sample {
  at: number;
  lost: Readonly<Record<string, bigint>>;
}

/** What is recent. */
const milliseconds = 60_000;

/** What each probe lost within the last minute, by reason: from samples of what it has lost in all. */
export class RecentLosses {
  /** By probe, the oldest first: one from before the minute, if there is one. */
  readonly #samples = new Map<string, Sample[]>();
  readonly #now: () => number;

  constructor(now = (): number => performance.now()) {
    this.#now = now;
  }

  /** @param totals by UID and reason; a probe that is not named is forgotten */
  sample(totals: ReadonlyMap<string, Readonly<Record<string, bigint>>>): void {
    const at = this.#now();
    for (const uid of this.#samples.keys()) if (!totals.has(uid)) this.#samples.delete(uid);
    for (const [uid, lost] of totals) {
      // Before the first sample nothing was lost.
      const samples = this.#samples.get(uid) ?? [{ at, lost: {} }];
      samples.push({ at, lost });
      while (samples[1] !== undefined && samples[1].at < at - milliseconds) samples.shift();
      this.#samples.set(uid, samples);
    }
  }

  /** As of the last sample; only reasons by which something was lost. */
  of(uid: string): Record<string, bigint> {
    const samples = this.#samples.get(uid) ?? [];
    const before = samples[0]?.lost ?? {};
    return Object.fromEntries(
      Object.entries(samples.at(-1)?.lost ?? {})
        .map(([reason, count]) => [reason, count - (before[reason] ?? 0n)] as const)
        .filter(([, count]) => count > 0n),
    );
  }
}
