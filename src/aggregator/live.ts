import type { ColumnSchema } from '../rpc/gen/traceprobe/v1/ingest_pb.ts';

/** Columns and names of a point, as the agent described them (PointSchema) before its first batch. */
export interface LivePoint {
  probeUid: string;
  probeName: string;
  generation: bigint;
  /** EventBatch.schema: index in spec.points. */
  point: number;
  pointName: string;
  /** In the order of Column.field 16, 17, … */
  columns: readonly ColumnSchema[];
}

/** A batch that has been committed. */
export interface LiveBatch {
  nodeName: string;
  point: LivePoint;
  /** Events in it. */
  rows: number;
  /** Rows at its beginning that had been stored before: not to be shown again. */
  firstRow: number;
  /** An EventBatch as the agent encoded it; nobody writes to it any more. */
  bytes: Uint8Array;
}

/** Told of each batch, at once and on the caller's time: keep it and return. */
export type LiveSubscriber = (batch: LiveBatch) => void;

/** Events on their way to those who watch: ingest publishes what it has committed, readers subscribe by probe. */
export class LiveFeed {
  readonly #subscribers = new Map<string, Set<LiveSubscriber>>();

  /** Whether anybody watches a probe of this name: otherwise there is no need to keep batches for publish(). */
  wants(probeName: string): boolean {
    return this.#subscribers.has(probeName);
  }

  /** Hands a committed batch to those who watch its probe. */
  publish(batch: LiveBatch): void {
    for (const subscriber of this.#subscribers.get(batch.point.probeName) ?? []) subscriber(batch);
  }

  /** @returns what ends the subscription */
  subscribe(probeName: string, subscriber: LiveSubscriber): Disposable {
    const subscribers = this.#subscribers.get(probeName) ?? new Set();
    subscribers.add(subscriber);
    this.#subscribers.set(probeName, subscribers);
    return {
      [Symbol.dispose]: () => {
        subscribers.delete(subscriber);
        if (subscribers.size === 0 && this.#subscribers.get(probeName) === subscribers) {
          this.#subscribers.delete(probeName);
        }
      },
    };
  }
}
