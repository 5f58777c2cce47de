import type { ApiClient } from './apiClient.ts';
import { ApiError } from './apiError.ts';
import { monotonicClock, type Clock } from './clock.ts';
import { addressAnnotation, microTime, type LeaseObject, type LeaseSpec } from './leaseRecord.ts';
import { resourcePath } from './resourcePath.ts';
import { sleep } from './sleep.ts';

export interface Leader {
  identity: string;
  /** host:port, as the leader told; empty: it told none. */
  address: string;
}

export interface LeaderElectorOptions {
  api: Pick<ApiClient, 'get' | 'create' | 'update'>;
  namespace: string;
  /** Of the Lease. */
  name: string;
  /** Of this process, never used again: such as PODNAME_UUID. */
  identity: string;
  /** host:port where followers send those who ask for the leader. */
  address: string;
  /**
   * Called when this process leads, until the signal is aborted: nothing of it may act afterwards. The lease is given
   * up, or asked for again, only once the promise has settled; that it settles before it was aborted gives it up too.
   */
  onStartedLeading: (signal: AbortSignal) => Promise<void>;
  /** Another one leads; undefined: nobody does. Also told of this process itself. */
  onNewLeader?: (leader: Leader | undefined) => void;
  /** Told of what is tried again, and of what onStartedLeading threw. */
  onError?: (error: unknown) => void;
  /** Others wait so long for a holder that does not renew. Default 15 s; a whole number of seconds. */
  leaseDurationMs?: number;
  /** Without renewal for so long, this process stops leading. Less than the lease's duration. Default 10 s. */
  renewDeadlineMs?: number;
  /** Time between tries to acquire and to renew. Default 2 s. */
  retryMs?: number;
  clock?: Clock;
}

/** What was read of the lease, and since when it has not changed, by this process' clock. */
interface Observation {
  lease: LeaseObject;
  content: string;
  since: number;
}

/**
 * Leader election by a Lease. A holder stops leading when it could not renew for the renew deadline, counted from
 * before its last good renewal was sent; others take the lease only when they have seen it unchanged for its whole
 * duration: both by their own monotonic clocks, so no step of a wall clock makes two leaders. A process that was
 * stopped altogether (SIGSTOP, a frozen VM) learns of its loss when it runs again: before an irrevocable act ask
 * isLeading, which reads the clock.
 */
export class LeaderElector {
  readonly #options: Required<Omit<LeaderElectorOptions, 'onNewLeader' | 'onError'>> &
    Pick<LeaderElectorOptions, 'onNewLeader' | 'onError'>;
  readonly #path: string;
  readonly #collection: string;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #observed: Observation | undefined;
  #leader: Leader | undefined;
  #writes = 0;
  /** This process may lead until then, by its clock; undefined: it does not. */
  #leadsUntil: number | undefined;

  /** Begins at once. */
  constructor(options: LeaderElectorOptions) {
    this.#options = {
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryMs: 2000,
      clock: monotonicClock,
      ...options,
    };
    const { leaseDurationMs, renewDeadlineMs, retryMs, namespace, name } = this.#options;
    if (!(retryMs < renewDeadlineMs && renewDeadlineMs < leaseDurationMs)) {
      throw new RangeError(
        `a lease of ${leaseDurationMs} ms cannot have a renew deadline of ${renewDeadlineMs} ms and tries every ` +
          `${retryMs} ms: each must be less than the one before`,
      );
    }
    const resource = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases', namespace };
    this.#collection = resourcePath(resource);
    this.#path = resourcePath({ ...resource, name });
    this.#ended = this.#run();
  }

  /** Whether this process leads now, by the clock: also true while it hands over. */
  get isLeading(): boolean {
    return this.#leadsUntil !== undefined && this.#options.clock.now() < this.#leadsUntil;
  }

  /** Who leads, as last seen. */
  get leader(): Leader | undefined {
    return this.#leader;
  }

  /** Ends leading, waits for what leads to end, and gives the lease up, so that another one takes it at its next try. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { clock, retryMs } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (await this.#tryToHold()) await this.#lead();
      // Followers that wait for the same lease do not try in step.
      await sleep(clock, retryMs * (0.75 + Math.random() / 4), signal);
    }
  }

  async #lead(): Promise<void> {
    const { clock, retryMs, onStartedLeading, onError } = this.#options;
    const leading = new AbortController();
    const ended = new AbortController();
    const end = (): void => {
      leading.abort();
    };
    this.#stopping.signal.addEventListener('abort', end);
    if (this.#stopping.signal.aborted) end();
    let cancelDeadline = this.#atDeadline(end);
    const work = (async () => {
      try {
        await onStartedLeading(leading.signal);
      } catch (error) {
        onError?.(error);
      } finally {
        ended.abort();
      }
    })();

    for (;;) {
      await sleep(clock, retryMs, ended.signal);
      if (ended.signal.aborted || !this.isLeading) break;
      if (await this.#tryToHold()) {
        cancelDeadline();
        cancelDeadline = this.#atDeadline(end);
      } else if (this.#isHeldByAnother()) break;
    }
    end();
    cancelDeadline();
    const wasLost = !this.isLeading || this.#isHeldByAnother();
    if (wasLost) this.#leadsUntil = undefined;
    await work;
    this.#stopping.signal.removeEventListener('abort', end);
    if (!wasLost) await this.#giveUp();
    this.#leadsUntil = undefined;
  }

  /** Calls when leading ends for want of renewal, however the loop that renews hangs. */
  #atDeadline(callback: () => void): () => void {
    const left = (this.#leadsUntil ?? 0) - this.#options.clock.now();
    return this.#options.clock.after(Math.max(0, left), callback);
  }

  /** One try to acquire or renew; whether this process holds the lease now. */
  async #tryToHold(): Promise<boolean> {
    const { clock, renewDeadlineMs } = this.#options;
    const began = clock.now();
    try {
      if (!(await this.#write())) return false;
      // An answer that came after the deadline is a loss all the same: leading has ended by then.
      if (this.#leadsUntil !== undefined && clock.now() >= this.#leadsUntil) return false;
      this.#leadsUntil = began + renewDeadlineMs;
      if (clock.now() >= this.#leadsUntil) this.#leadsUntil = undefined;
      return this.#leadsUntil !== undefined;
    } catch (error) {
      const isStopped = this.#stopping.signal.aborted && this.#leadsUntil === undefined;
      if (!isStopped) this.#options.onError?.(error);
      return false;
    }
  }

  async #write(): Promise<boolean> {
    const { api, identity, renewDeadlineMs, clock } = this.#options;
    const timeoutMs = renewDeadlineMs / 2;
    let lease: LeaseObject;
    try {
      // A leader renews until it has handed over; whoever only waits need not end this request.
      const signal = this.#leadsUntil === undefined ? { signal: this.#stopping.signal } : {};
      lease = await api.get<LeaseObject>(this.#path, { timeoutMs, ...signal });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      return this.#save(() => api.create<LeaseObject>(this.#collection, this.#held({}), { timeoutMs }));
    }
    const observed = this.#observe(lease);
    const { holderIdentity = '', leaseDurationSeconds = 0 } = lease.spec ?? {};
    if (holderIdentity !== '' && holderIdentity !== identity) {
      const unchangedFor = clock.now() - observed.since;
      if (unchangedFor < leaseDurationSeconds * 1000) return false;
    }
    return this.#save(() => api.update<LeaseObject>(this.#path, this.#held(lease), { timeoutMs }));
  }

  /** Writes, unless another one was quicker. */
  async #save(write: () => Promise<LeaseObject>): Promise<boolean> {
    try {
      this.#observe(await write());
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return false;
      throw error;
    }
  }

  /** The lease as this process holds it. */
  #held(lease: Partial<LeaseObject>): LeaseObject {
    const { identity, address, name, leaseDurationMs } = this.#options;
    const spec = lease.spec ?? {};
    const isNew = spec.holderIdentity !== identity;
    // Others see that the record changes, so no two renewals in a row may be alike, whatever the wall clock does.
    this.#writes = (this.#writes + 1) % 1000;
    const now = microTime(new Date(), this.#writes);
    const next: LeaseSpec = {
      ...spec,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: isNew ? now : (spec.acquireTime ?? now),
      renewTime: now,
      leaseTransitions: (spec.leaseTransitions ?? 0) + (isNew && lease.metadata !== undefined ? 1 : 0),
    };
    const metadata = lease.metadata ?? { name };
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { ...metadata, annotations: { ...metadata.annotations, [addressAnnotation]: address } },
      spec: next,
    };
  }

  async #giveUp(): Promise<void> {
    const { api, identity } = this.#options;
    const lease = this.#observed?.lease;
    if (lease?.spec?.holderIdentity !== identity) return;
    const annotations = { ...lease.metadata.annotations };
    Reflect.deleteProperty(annotations, addressAnnotation);
    // A second, for whoever looks at the duration of a lease without a holder.
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime() };
    try {
      const released = { ...lease, metadata: { ...lease.metadata, annotations }, spec };
      this.#observe(await api.update<LeaseObject>(this.#path, released, { timeoutMs: 2000 }));
    } catch (error) {
      this.#options.onError?.(error); // the others take it when it has run out
    }
  }

  #isHeldByAnother(): boolean {
    return (this.#observed?.lease.spec?.holderIdentity ?? '') !== this.#options.identity;
  }

  #observe(lease: LeaseObject): Observation {
    const content = JSON.stringify(lease.spec ?? {});
    const since = this.#observed?.content === content ? this.#observed.since : this.#options.clock.now();
    this.#observed = { lease, content, since };
    const identity = lease.spec?.holderIdentity ?? '';
    const address = lease.metadata.annotations?.[addressAnnotation] ?? '';
    const leader = identity === '' ? undefined : { identity, address };
    if (leader?.identity !== this.#leader?.identity || leader?.address !== this.#leader?.address) {
      this.#leader = leader;
      this.#options.onNewLeader?.(leader);
    }
    return this.#observed;
  }
}
