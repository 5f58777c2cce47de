import { create } from '@bufbuild/protobuf';
import {
  checkTraceProbe,
  formatPath,
  planFeatures,
  traceProbeResource,
  type TraceProbe,
} from '../api/index.ts';
import { compileProbe } from '../probe/compile.ts';
import type { ProbePlan } from '../probe/plan.ts';
import type { KernelView } from '../probe/resolve/kernelView.ts';
import { UnsupportedError } from '../probe/resolve/planError.ts';
import type { BinaryLookup } from '../probe/resolve/resolveHook.ts';
import { ProbeReportSchema, type DesiredProbe, type ProbeReport } from '../rpc/gen/traceprobe/v1/agent_pb.ts';
import type { Account } from './account.ts';
import type { AgentLog } from './agentLog.ts';
import { failureOf, shorten, type ProbeFailure } from './failureOf.ts';
import type { Host } from './host.ts';

export interface ReconcilerOptions {
  host: Pick<Host, 'stop'> & { apply: (plan: ProbePlan, probe: TraceProbe) => Promise<void> };
  /** Opened when probes are to be planned, and let go then: its type information is 10 MB. */
  kernel: () => KernelView & Disposable;
  /** A probe's time is over: it is stopped, whatever the controller said last. */
  isExpired?: (desired: DesiredProbe) => boolean;
  /** What became of a probe, when that has changed; undefined: it is forgotten. */
  onReport: (uid: string, report: ProbeReport | undefined) => void;
  /** A probe is about to run from this specification. */
  onStarting: (desired: DesiredProbe, probe: TraceProbe) => void;
  /** A probe has stopped; `gone`: it is not wanted any more. */
  onStopped: (uid: string, account: Account | undefined, gone: boolean) => void;
  /** After so long a probe that failed is tried again: programs and modules come and go. Default 60 s. */
  retryMilliseconds?: number;
  log: AgentLog;
}

interface Entry {
  /** What was tried last. */
  tried: DesiredProbe | undefined;
  /** It was to be stopped then. */
  stopped: boolean;
  /** What runs, of the last generation that could. */
  running: ProbePlan | undefined;
  retryAt: number;
}

/** Paths are looked up where this process is: into the file systems of containers it cannot look yet. */
const binary: BinaryLookup = ({ path, root }) => {
  if (root === 'Host') return path;
  throw new UnsupportedError(
    { path: ['spec', 'points'] },
    'binaryInContainers',
    `agents do not look into the file systems of containers yet, for ${path}; binary.root Host is the agent's own`,
  );
};

/**
 * Makes the probes of this node what the controller wants, one after another: one that fails disturbs no other, and an
 * update that fails leaves running what ran before.
 */
export class ProbeReconciler {
  readonly #options: ReconcilerOptions;
  readonly #entries = new Map<string, Entry>();
  #desired: ReadonlyMap<string, DesiredProbe> = new Map();
  #working: Promise<void> = Promise.resolve();
  #waiting = false;
  #closed = false;
  readonly #timer: NodeJS.Timeout;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#timer = setInterval(
      () => {
        this.#wake();
      },
      Math.max(10, (options.retryMilliseconds ?? 60_000) / 4),
    ).unref();
  }

  /** From now on these are wanted. */
  desire(probes: ReadonlyMap<string, DesiredProbe>): void {
    this.#desired = new Map(probes);
    this.#wake();
  }

  /** A probe that costs too much has been suspended: it stays off until its specification changes. */
  overBudget(uid: string, message: string): void {
    this.#working = this.#working.then(async () => {
      const entry = this.#entries.get(uid);
      if (entry?.running === undefined || entry.tried === undefined) return;
      await this.#stop(uid, entry, false).catch((error: unknown) => {
        this.#options.log('error', 'a probe could not be stopped', { uid, error: (error as Error).message });
      });
      this.#fail(uid, entry, { state: 'Failed', reason: 'OverBudget', message });
      entry.retryAt = Infinity;
    });
  }

  /** Settled when everything wanted so far was done or has failed. */
  async settled(): Promise<void> {
    for (let before; before !== this.#working;) {
      before = this.#working;
      await before;
    }
  }

  /** Stops all probes. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.settled();
    for (const [uid, entry] of this.#entries) {
      if (entry.running !== undefined) await this.#stop(uid, entry, false);
    }
  }

  #wake(): void {
    if (this.#waiting || this.#closed) return;
    this.#waiting = true;
    this.#working = this.#working.then(() => {
      this.#waiting = false;
      return this.#pass();
    });
  }

  /** Whatever is wanted by then; what is wanted later is another pass. */
  async #pass(): Promise<void> {
    const desired = this.#desired;
    let kernel: (KernelView & Disposable) | undefined;
    try {
      // Room first: for slots, and for a name that comes back with another UID.
      for (const [uid, entry] of this.#entries) {
        if (!desired.has(uid)) await this.#forget(uid, entry);
      }
      for (const probe of desired.values()) {
        if (this.#closed) return;
        if (this.#isDone(probe)) continue;
        await this.#reconcile(probe, () => (kernel ??= this.#options.kernel()));
      }
    } finally {
      kernel?.[Symbol.dispose]();
    }
  }

  #isDone(probe: DesiredProbe): boolean {
    const entry = this.#entries.get(probe.uid);
    if (entry?.tried === undefined || performance.now() >= entry.retryAt) return false;
    const { generation, spec } = entry.tried;
    return (
      generation === probe.generation &&
      entry.stopped === this.#isStopped(probe) &&
      Buffer.from(spec).equals(probe.spec)
    );
  }

  #isStopped(probe: DesiredProbe): boolean {
    return probe.stopped || this.#isExpired(probe);
  }

  #isExpired(probe: DesiredProbe): boolean {
    return this.#options.isExpired?.(probe) === true;
  }

  async #reconcile(desired: DesiredProbe, kernel: () => KernelView): Promise<void> {
    const { uid, name } = desired;
    const { host, log, onStarting } = this.#options;
    const entry = this.#entry(uid);
    entry.tried = desired;
    entry.stopped = this.#isStopped(desired);
    entry.retryAt = Infinity;
    try {
      if (entry.stopped) {
        if (entry.running !== undefined) {
          await this.#stop(uid, entry, false);
          log('info', 'a probe has stopped', { probe: name });
        }
        const expired = this.#isExpired(desired);
        this.#report(desired, { state: 'Stopped', ...(expired && { reason: 'Expired' }) });
        if (expired) log('info', 'a probe has expired', { probe: name });
        return;
      }
      const refusal = tooOld(desired);
      if (refusal !== undefined) {
        this.#fail(uid, entry, refusal);
        return;
      }
      const checked = probeOf(desired);
      if ('reason' in checked) {
        this.#fail(uid, entry, checked);
        return;
      }
      const plan = compileProbe(checked, kernel(), { binary });
      onStarting(desired, checked);
      await host.apply(plan, checked);
      entry.running = plan;
      const notes = plan.points.flatMap((point) => point.notes.map((note) => `${point.name}: ${note}`));
      this.#report(desired, { state: 'Running', notes: notes.map(shorten) });
      log('info', 'a probe runs', { probe: name, generation: Number(desired.generation) });
    } catch (error) {
      const failure = failureOf(error);
      this.#fail(uid, entry, failure);
      if (failure.state === 'Failed') {
        entry.retryAt = performance.now() + (this.#options.retryMilliseconds ?? 60_000);
      }
    }
  }

  async #forget(uid: string, entry: Entry): Promise<void> {
    this.#entries.delete(uid);
    try {
      await this.#stop(uid, entry, true);
    } catch (error) {
      this.#options.log('error', 'a probe could not be stopped', { uid, error: (error as Error).message });
    }
    this.#options.onReport(uid, undefined);
  }

  async #stop(uid: string, entry: Entry, gone: boolean): Promise<void> {
    const { host, onStopped } = this.#options;
    const account = entry.running === undefined ? undefined : await host.stop(uid);
    entry.running = undefined;
    onStopped(uid, account, gone);
  }

  #fail(uid: string, entry: Entry, { state, reason, message }: ProbeFailure): void {
    const { tried, running } = entry;
    if (tried === undefined) return;
    const old = running === undefined ? '' : ` (generation ${running.generation} goes on)`;
    this.#report(tried, { state, reason, message: shorten(message + old) });
    this.#options.log('warn', 'a probe does not run', { probe: tried.name, uid, reason, message });
  }

  #report(
    { uid, generation }: DesiredProbe,
    what: { state: string; reason?: string; message?: string; notes?: string[] },
  ): void {
    this.#options.onReport(uid, create(ProbeReportSchema, { probeUid: uid, generation, ...what }));
  }

  #entry(uid: string): Entry {
    let entry = this.#entries.get(uid);
    if (entry === undefined) {
      entry = { tried: undefined, stopped: false, running: undefined, retryAt: Infinity };
      this.#entries.set(uid, entry);
    }
    return entry;
  }
}

function tooOld({ requiredFeatures }: DesiredProbe): ProbeFailure | undefined {
  const known: readonly string[] = planFeatures;
  const missing = requiredFeatures.filter((feature) => !known.includes(feature));
  if (missing.length === 0) return undefined;
  return {
    state: 'Unsupported',
    reason: 'AgentTooOld',
    message: shorten(
      `the agent on this node does not know ${missing.join(', ')}, which the probe needs: update the agent`,
    ),
  };
}

/** Checked again: what this agent's schema does not know, an older agent must not ignore. */
function probeOf({ name, uid, generation, spec }: DesiredProbe): TraceProbe | ProbeFailure {
  const { apiVersion, kind } = traceProbeResource;
  const parsed: unknown = JSON.parse(Buffer.from(spec).toString());
  const metadata = { name, uid, generation: Number(generation) };
  const { probe, refusals } = checkTraceProbe({ apiVersion, kind, metadata, spec: parsed });
  if (probe !== undefined) return probe;
  const reasons = refusals.map(({ path, message }) => `${formatPath(path)}: ${message}`).join('\n');
  return {
    state: 'Unsupported',
    reason: 'AgentTooOld',
    message: shorten(
      `the agent on this node does not accept the specification, which one of the controller's version would:\n${reasons}`,
    ),
  };
}
