import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What is measured at the moment of a scrape. */
export interface MetricSources {
  queueDepth: () => number;
  agents: () => number;
  leads: () => boolean;
  schemaDiffers: () => boolean;
}

/** The controller's Prometheus metrics, in a registry of their own. */
export class ControllerMetrics {
  readonly registry = new Registry();
  readonly reconcileSeconds: Histogram;
  readonly planLagSeconds: Histogram;
  readonly watchRestarts: Counter<'resource'>;
  readonly watchErrors: Counter<'resource'>;
  readonly statusWrites: Counter;
  readonly reconcileErrors: Counter;
  readonly refusedAgents: Counter<'reason'>;
  readonly #loop = monitorEventLoopDelay({ resolution: 10 });

  constructor({ queueDepth, agents, leads, schemaDiffers }: MetricSources) {
    const registers = [this.registry];
    const name = (text: string): string => `traceprobe_controller_${text}`;
    collectDefaultMetrics({ register: this.registry });
    this.reconcileSeconds = new Histogram({
      ...{ registers, name: name('reconcile_seconds') },
      help: 'Time to look at one probe and write its status.',
      buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
    });
    this.planLagSeconds = new Histogram({
      ...{ registers, name: name('plan_lag_seconds') },
      help: 'From a change of what a node is to do until its agent has answered it.',
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30],
    });
    this.watchRestarts = new Counter({
      ...{ registers, name: name('watch_restarts_total'), labelNames: ['resource'] },
      help: 'Watches of the API server that were begun anew.',
    });
    this.watchErrors = new Counter({
      ...{ registers, name: name('watch_errors_total'), labelNames: ['resource'] },
      help: 'Lists and watches of the API server that failed and were tried again.',
    });
    this.statusWrites = new Counter({
      ...{ registers, name: name('status_writes_total') },
      help: 'Statuses of TraceProbes that were written.',
    });
    this.reconcileErrors = new Counter({
      ...{ registers, name: name('reconcile_errors_total') },
      help: 'Reconciliations that failed and are tried again.',
    });
    this.refusedAgents = new Counter({
      ...{ registers, name: name('refused_agents_total'), labelNames: ['reason'] },
      help: 'Streams of agents that were refused.',
    });
    this.#loop.enable();
    this.#gauge(name('loop_stall_seconds'), 'Longest stall of the event loop since the last scrape.', () => {
      const { max } = this.#loop;
      this.#loop.reset();
      return max / 1e9;
    });
    this.#gauge(name('queue_depth'), 'Probes that wait to be looked at.', queueDepth);
    this.#gauge(name('connected_agents'), 'Agents with a stream to this replica.', agents);
    this.#gauge(name('leads'), '1 while this replica leads.', () => Number(leads()));
    this.#gauge(
      name('schema_differs'),
      '1 while the CustomResourceDefinition is not the one that this replica was built with.',
      () => Number(schemaDiffers()),
    );
  }

  close(): void {
    this.#loop.disable();
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      ...{ name, help, registers: [this.registry] },
      collect() {
        this.set(read());
      },
    });
  }
}
