import { setTimeout as sleepFor } from 'node:timers/promises';
import type { RunStatistics } from '../bpf/index.ts';
import type { ProbePlan } from '../probe/plan.ts';
import type { Host } from './host.ts';

/** A probe that used more CPU than it may. */
export interface OverBudget {
  probe: ProbePlan;
  /** Of one CPU, in the last sample. */
  percent: number;
}

export interface CpuBudgetOptions {
  host: Pick<Host, 'probes' | 'statistics' | 'suspend'>;
  /** Makes the kernel measure programs while open (measurePrograms): some 50 ns a run, so only in samples. */
  measure: () => RunStatistics;
  /** Told after a probe was suspended. */
  onOverBudget: (over: OverBudget) => void;
  /** Told when this process may not measure: budgets are not kept, until onMeasurable. */
  onUnmeasurable: (error: unknown) => void;
  /** Told when it may again. */
  onMeasurable?: () => void;
  /** Time between samples. Default 1 s. */
  intervalMilliseconds?: number;
  /** Length of a sample. Default 100 ms. */
  sampleMilliseconds?: number;
  /** A probe is over its budget when so many samples in a row are. Default 3: a burst is none. */
  patience?: number;
  /** For tests. */
  clock?: BudgetClock;
}

export interface BudgetClock {
  /** Milliseconds from anywhere. */
  now: () => number;
  /** Rejects when aborted. */
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

const realClock: BudgetClock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => sleepFor(milliseconds, undefined, { signal, ref: false }),
};

/**
 * Keeps probes within limits.cpuPercentPerNode: every second a short sample of how long their programs ran, and a
 * probe that was above its share in several samples in a row is suspended.
 */
export class CpuBudget implements Disposable {
  readonly #options: Required<CpuBudgetOptions>;
  readonly #closing = new AbortController();
  /** Samples in a row above the budget, by UID. */
  readonly #strikes = new Map<string, number>();
  #measurable = true;

  /** Begins to watch at once. */
  constructor(options: CpuBudgetOptions) {
    this.#options = {
      intervalMilliseconds: 1000,
      sampleMilliseconds: 100,
      patience: 3,
      clock: realClock,
      onMeasurable: () => undefined,
      ...options,
    };
    void this.#watch();
  }

  /** Ends watching; closing twice is fine. */
  close(): void {
    this.#closing.abort();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #watch(): Promise<void> {
    const { intervalMilliseconds, sampleMilliseconds, clock, onUnmeasurable, onMeasurable } = this.#options;
    const { signal } = this.#closing;
    for (;;) {
      try {
        await clock.sleep(intervalMilliseconds - sampleMilliseconds, signal);
        await this.#sample();
        if (!this.#measurable) onMeasurable();
        this.#measurable = true;
      } catch (error) {
        if (signal.aborted) return;
        // Tried again: a sysctl can be set at any time.
        if (this.#measurable) onUnmeasurable(error);
        this.#measurable = false;
      }
    }
  }

  async #sample(): Promise<void> {
    const { host, measure, sampleMilliseconds, clock, onOverBudget } = this.#options;
    const before = new Map<string, number>();
    let started: number;
    const statistics = measure();
    try {
      for (const { uid } of host.probes) before.set(uid, this.#runTime(uid));
      started = clock.now();
      await clock.sleep(sampleMilliseconds, this.#closing.signal);
    } finally {
      statistics.close();
    }
    const nanoseconds = (clock.now() - started) * 1e6;
    const used = host.probes.flatMap((probe) => {
      const from = before.get(probe.uid);
      if (from === undefined) return [];
      return [{ probe, percent: ((this.#runTime(probe.uid) - from) / nanoseconds) * 100 }];
    });
    for (const uid of this.#strikes.keys()) {
      if (!used.some(({ probe }) => probe.uid === uid)) this.#strikes.delete(uid);
    }
    for (const { probe, percent } of used) {
      if (!this.#exhausted(probe, percent)) continue;
      // Stopped by somebody else while another one was being suspended.
      if (!host.probes.some(({ uid }) => uid === probe.uid)) continue;
      await host.suspend(probe.uid);
      onOverBudget({ probe, percent });
    }
  }

  /** Counts the sample; true when it was one too many. */
  #exhausted({ uid, cpuPercent }: ProbePlan, percent: number): boolean {
    const strikes = percent > cpuPercent ? (this.#strikes.get(uid) ?? 0) + 1 : 0;
    const exhausted = strikes >= this.#options.patience;
    this.#strikes.set(uid, exhausted ? 0 : strikes);
    return exhausted;
  }

  /** Nanoseconds of all the probe's programs, counted while measured. */
  #runTime(uid: string): number {
    return this.#options.host.statistics(uid).reduce((sum, { runTimeNs }) => sum + runTimeNs, 0);
  }
}
