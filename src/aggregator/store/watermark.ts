/** Numbers from `first` up to and including `last`. */
export interface Gap {
  first: bigint;
  last: bigint;
  /** When it was noticed, ms since the Unix epoch. */
  seen: number;
}

/** Rows `from` (inclusive) to `to` (exclusive) of a batch. */
export interface RowRange {
  from: number;
  to: number;
}

/** More holes than this are not filled any more when their events come late; they stay counted as missing. */
const maxGaps = 1000;

/**
 * Which numbers of a source have come: all below `next`, but for the gaps. What comes twice is refused, what comes
 * late fills its gap, so that any order and any repetition of frames stores each event once.
 */
export class Watermark {
  next: bigint;
  /** Ascending; the newest 1,000. */
  readonly gaps: Gap[];
  /** Whether `gaps` has changed; for whoever keeps them elsewhere, who sets it back. */
  gapsChanged = false;

  constructor(next = 0n, gaps: readonly Gap[] = []) {
    this.next = next;
    this.gaps = [...gaps].sort((a, b) => (a.first < b.first ? -1 : 1));
  }

  /**
   * Takes `rows` numbers from `first` on.
   *
   * @returns which of them have not come before, ascending
   */
  take(first: bigint, rows: number, now: number): RowRange[] {
    const end = first + BigInt(rows);
    const taken = first < this.next ? this.#fill(first, end) : [];
    if (end > this.next) {
      if (first > this.next) this.#miss(first, now);
      const from = first > this.next ? first : this.next;
      taken.push({ from: Number(from - first), to: rows });
      this.next = end;
    }
    return taken;
  }

  /** Says that everything below `next` was sent, and will not be: what has not come is a gap. */
  finish(next: bigint, now: number): void {
    if (next > this.next) this.#miss(next, now);
  }

  #miss(next: bigint, seen: number): void {
    this.gapsChanged = true;
    this.gaps.push({ first: this.next, last: next - 1n, seen });
    if (this.gaps.length > maxGaps) this.gaps.shift();
    this.next = next;
  }

  #fill(first: bigint, end: bigint): RowRange[] {
    const taken: RowRange[] = [];
    for (let i = this.#firstGapEndingAt(first); i < this.gaps.length; i++) {
      const gap = this.gaps[i];
      if (gap === undefined || gap.first >= end) break;
      const from = gap.first > first ? gap.first : first;
      const to = gap.last < end ? gap.last + 1n : end;
      taken.push({ from: Number(from - first), to: Number(to - first) });
      this.gapsChanged = true;
      const left = [
        { first: gap.first, last: from - 1n, seen: gap.seen },
        { first: to, last: gap.last, seen: gap.seen },
      ].filter((rest) => rest.first <= rest.last);
      this.gaps.splice(i, 1, ...left);
      i += left.length - 1;
    }
    return taken;
  }

  /** Index of the first gap that does not end below `first`. */
  #firstGapEndingAt(first: bigint): number {
    let low = 0;
    for (let high = this.gaps.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.gaps[middle]?.last ?? 0n) < first) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
