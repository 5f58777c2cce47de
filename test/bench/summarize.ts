import { median } from './median.ts';
import type { Run } from './measure.ts';

/** Medians over a variant's runs. Nanoseconds are of one CPU's time, a call. */
export interface Summary {
  /** From one call to the next. */
  perCall: number;
  /** Of that, more than without tracing: the median of the differences within a round. */
  added: number;
  /** Likewise, in the calling thread alone: without readers, and without whoever else ran there. */
  addedInCall: number;
  /** What the tracer's process took. */
  reader: number;
  /** Worst run: calls without an event. undefined: no events are written. */
  lost: number | undefined;
  calls: number;
  /** TraceProbe only: events a second of the load, until all were written; 0 when a run lost some. */
  throughput: number | undefined;
}

/** @param bare the load alone, in the same rounds */
export function summarize(runs: readonly Run[], bare: readonly Run[]): Summary {
  const of = (pick: (run: Run, alone: Run) => number): number =>
    median(
      runs.flatMap((run, round) => {
        const alone = bare[round];
        return alone === undefined ? [] : [pick(run, alone)];
      }),
    );
  const lost = runs.flatMap((run) => (run.lost === undefined ? [] : [run.lost]));
  const throughputs = runs.flatMap(({ probe, calls, start, lost: missing }) =>
    probe === undefined || missing === undefined
      ? []
      : [missing > 0 ? 0 : (calls * 1e9) / (Number(probe.settledAt) - start)],
  );
  return {
    perCall: of((run) => run.wallPerCall),
    added: of((run, alone) => run.wallPerCall - alone.wallPerCall),
    addedInCall: of((run, alone) => run.cpuPerCall - alone.cpuPerCall),
    reader: of((run) => run.readerPerCall),
    lost: lost.length === 0 ? undefined : Math.max(...lost),
    calls: runs[0]?.calls ?? 0,
    throughput: throughputs.length === 0 ? undefined : median(throughputs),
  };
}
