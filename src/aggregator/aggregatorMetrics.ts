import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Store } from './store/store.ts';

/** What is measured at the moment of a scrape. */
export interface AggregatorMetricSources {
  store: Store;
  streams: () => number;
  queuedBytes: () => number;
}

/** The aggregator's Prometheus metrics, in a registry of their own. */
export class AggregatorMetrics {
  readonly registry = new Registry();
  readonly malformedFrames: Counter;

  constructor({ store, streams, queuedBytes }: AggregatorMetricSources) {
    const registers = [this.registry];
    const name = (text: string): string => `traceprobe_aggregator_${text}`;
    collectDefaultMetrics({ register: this.registry });
    const counter = (text: string, help: string): Counter =>
      new Counter({ registers, name: name(text), help });
    const gauge = (text: string, help: string, read?: () => number): Gauge =>
      new Gauge({
        ...{ registers, name: name(text), help },
        ...(read && {
          collect() {
            this.set(read());
          },
        }),
      });
    this.malformedFrames = counter('malformed_frames_total', 'Frames that were refused for what is in them.');
    const rows = counter('rows_total', 'Events that were committed.');
    const frames = counter('frames_total', 'Frames that were committed.');
    const commits = new Histogram({
      ...{ registers, name: name('commit_seconds'), help: 'Time of a transaction, retries included.' },
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
    });
    const dropped = new Counter({
      ...{ registers, name: name('dropped_slices_total'), labelNames: ['reason'] as const },
      help: 'Slices of probes that retention dropped.',
    });
    const used = gauge('store_used_bytes', 'Blocks of the file that are in use, when it was last measured.');
    const free = gauge(
      'store_free_bytes',
      'Blocks of the file that will be used again, when it was last measured.',
    );
    const wal = gauge('store_log_bytes', 'Committed and not in the file proper, when it was last measured.');
    gauge('store_failing', '1 while commits fail and are tried again.', () => (store.failing ? 1 : 0));
    gauge('streams', 'Agents that are connected.', streams);
    gauge('queued_bytes', 'Received and not committed.', queuedBytes);
    const missing = new Gauge({
      ...{
        registers,
        name: name('missing_events'),
        help: 'Events that agents numbered and that never came.',
      },
      async collect() {
        const losses = await store.loss().catch(() => []);
        this.set(losses.reduce((sum, loss) => sum + Number(loss.missing), 0));
      },
    });
    missing.set(0);
    store.on('committed', (commit) => {
      rows.inc(commit.rows);
      frames.inc(commit.frames);
      commits.observe(commit.milliseconds / 1000);
    });
    store.on('dropped', (reasons) => {
      for (const reason of reasons) dropped.inc({ reason });
    });
    store.on('measured', (usage) => {
      used.set(usage.used);
      free.set(usage.free);
      wal.set(usage.wal);
    });
  }
}
