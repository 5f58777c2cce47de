import { randomUUID } from 'node:crypto';
import type { ApiClient } from './apiClient.ts';
import { ApiError } from './apiError.ts';
import { monotonicClock, type Clock } from './clock.ts';
import { microTime } from './leaseRecord.ts';
import { resourcePath } from './resourcePath.ts';

/** The object that an event is about. */
export interface Regarding {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  /** Left out: cluster-scoped; its events are in namespace "default", where kubectl looks for them. */
  namespace?: string;
}

export interface EventToRecord {
  type: 'Normal' | 'Warning';
  /** Why, for machines: CamelCase. */
  reason: string;
  /** What was done, for machines: CamelCase. */
  action: string;
  /** For people; cut at 1 KiB, the API server's limit. */
  note: string;
}

export interface EventRecorderOptions {
  api: Pick<ApiClient, 'create' | 'patch'>;
  /** Such as "traceprobe.io/controller". */
  reportingController: string;
  /** Name of this process' pod. */
  reportingInstance: string;
  onError?: (error: unknown) => void;
  /** Writes that may be made at once, and how many more a second. Default 25 and 0.5. */
  burst?: number;
  perSecond?: number;
  /** An event like one of the last so many milliseconds is counted with that one. Default 10 minutes. */
  seriesMs?: number;
  /** A series' count is written at most once in so many milliseconds. Default 30 s. */
  flushMs?: number;
  clock?: Clock;
}

interface Series {
  path: string;
  count: number;
  lastObserved: Date;
  since: number;
  created: Promise<boolean>;
  cancelFlush: (() => void) | undefined;
}

/** Beyond it the oldest series end. */
const maxSeries = 1000;
const maxNoteBytes = 1024;

/**
 * Records Kubernetes Events (events.k8s.io/v1). The same reason about the same object within ten minutes is one Event
 * with a count (its note stays the first one's: the API server keeps that); more than a bounded rate is dropped. It
 * never throws: an Event that cannot be written is no reason to fail.
 */
export class EventRecorder implements AsyncDisposable {
  readonly #options: Required<Omit<EventRecorderOptions, 'onError'>> & Pick<EventRecorderOptions, 'onError'>;
  readonly #series = new Map<string, Series>();
  readonly #writing = new Set<Promise<unknown>>();
  #tokens: number;
  #refilled: number;
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = {
      burst: 25,
      perSecond: 0.5,
      seriesMs: 600_000,
      flushMs: 30_000,
      clock: monotonicClock,
      ...options,
    };
    this.#tokens = this.#options.burst;
    this.#refilled = this.#options.clock.now();
  }

  /** Events not recorded because there were too many, or because the API server did not take them. */
  get dropped(): number {
    return this.#dropped;
  }

  record(regarding: Regarding, event: EventToRecord): void {
    const { clock, seriesMs, flushMs } = this.#options;
    const key = [regarding.uid, regarding.kind, regarding.name, event.type, event.reason, event.action].join(
      '\n',
    );
    const known = this.#series.get(key);
    if (known !== undefined && clock.now() - known.since < seriesMs) {
      known.count += 1;
      known.lastObserved = new Date();
      known.cancelFlush ??= clock.after(flushMs, () => {
        known.cancelFlush = undefined;
        this.#track(this.#flush(known));
      });
      return;
    }
    if (!this.#mayWrite()) return;
    this.#end(key);
    const [oldest] = this.#series.keys();
    if (oldest !== undefined && this.#series.size >= maxSeries) this.#end(oldest);
    this.#series.set(key, this.#begin(regarding, event));
  }

  /** Writes the counts that wait, and waits for what is being written. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const key of [...this.#series.keys()]) this.#end(key);
    await Promise.all(this.#writing);
  }

  #begin(regarding: Regarding, { type, reason, action, note }: EventToRecord): Series {
    const { api, reportingController, reportingInstance, clock } = this.#options;
    const namespace = regarding.namespace ?? 'default';
    // Names have at most 253 characters.
    const name = `${regarding.name.slice(0, 200)}.${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    const resource = { group: 'events.k8s.io', version: 'v1', resource: 'events', namespace };
    const object = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace },
      eventTime: microTime(),
      ...{ reportingController, reportingInstance, type, reason, action, regarding },
      note: cut(note),
    };
    const created = api.create(resourcePath(resource), object).then(
      () => true,
      (error: unknown) => {
        this.#fail(error);
        return false;
      },
    );
    this.#track(created);
    const path = resourcePath({ ...resource, name });
    return { path, count: 1, lastObserved: new Date(), since: clock.now(), created, cancelFlush: undefined };
  }

  async #flush(series: Series): Promise<void> {
    if (!(await series.created) || !this.#mayWrite()) return;
    const { count, lastObserved, path } = series;
    try {
      const body = { series: { count, lastObservedTime: microTime(lastObserved) } };
      await this.#options.api.patch(path, body, { type: 'merge' });
    } catch (error) {
      this.#fail(error);
    }
  }

  #end(key: string): void {
    const series = this.#series.get(key);
    if (series === undefined) return;
    this.#series.delete(key);
    if (series.cancelFlush === undefined) return;
    series.cancelFlush();
    series.cancelFlush = undefined;
    this.#track(this.#flush(series));
  }

  #mayWrite(): boolean {
    const { clock, burst, perSecond } = this.#options;
    const now = clock.now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#refilled) / 1000) * perSecond);
    this.#refilled = now;
    if (this.#tokens < 1) {
      this.#dropped += 1;
      return false;
    }
    this.#tokens -= 1;
    return true;
  }

  #fail(error: unknown): void {
    this.#dropped += 1;
    // Events expire after an hour (the API server's default), a namespace may be going.
    if (!(error instanceof ApiError && error.status === 404)) this.#options.onError?.(error);
  }

  #track(promise: Promise<unknown>): void {
    const settled = promise.finally(() => this.#writing.delete(settled));
    this.#writing.add(settled);
  }
}

function cut(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= maxNoteBytes) return note;
  // A character cut in two decodes to one replacement character.
  return `${bytes
    .subarray(0, maxNoteBytes - 6)
    .toString('utf8')
    .replace(/\uFFFD$/, '')}…`;
}
