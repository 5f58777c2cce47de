import type { DurableSource, SourceState } from './sources.ts';
import { sourceLoss, type SourceLoss } from './sourceLoss.ts';
import type { SealedCommit } from './writeCommit.ts';

/** What is committed of every source. */
export class DurableSources {
  readonly #byId = new Map<number, DurableSource>();

  constructor(sources: Iterable<SourceState>) {
    for (const source of sources) this.#byId.set(source.id, durableOf(source));
  }

  /** Takes over what a commit has changed. */
  remember({ progress, accounts, gaps, pending }: SealedCommit): void {
    for (const source of pending.newSources) {
      this.#byId.set(source.id, { ...durableOf(source), account: undefined, gaps: [] });
    }
    for (const { id, ...counts } of progress) this.#update(id, counts);
    for (const { id, account } of accounts) this.#update(id, { account });
    for (const { id, gaps: changed } of gaps) this.#update(id, { gaps: changed });
    for (const { id } of pending.forgotten) this.#byId.delete(id);
  }

  /** Where the hits of a probe went, or of all. */
  loss(probeUid?: string): SourceLoss[] {
    return [...this.#byId.values()]
      .filter((source) => source.probeUid !== '' && (probeUid === undefined || source.probeUid === probeUid))
      .map(sourceLoss);
  }

  #update(id: number, change: Partial<DurableSource>): void {
    const source = this.#byId.get(id);
    if (source) Object.assign(source, change);
  }
}

function durableOf(source: SourceState): DurableSource {
  const { id, nodeUid, node, epoch, probeUid, watermark, account, seen } = source;
  const { stored, filtered, lostSpool, lostGap, lostBacklog, lostMalformed } = source;
  return {
    ...{ id, nodeUid, node, epoch, probeUid, account, seen },
    ...{ stored, filtered, lostSpool, lostGap, lostBacklog, lostMalformed },
    next: watermark.next,
    gaps: [...watermark.gaps],
  };
}
