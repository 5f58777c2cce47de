import { isDeepStrictEqual } from 'node:util';
import { CpuBudget } from '../../agent/cpuBudget.ts';
import { openDelayedUnlinks } from '../../agent/delayedUnlink/openDelayedUnlinks.ts';
import type { Epochs } from '../../agent/epochs.ts';
import { Host } from '../../agent/host.ts';
import { measurePrograms } from '../../agent/measurePrograms.ts';
import { durationToMilliseconds, type Manifest } from '../../api/index.ts';
import type { ProbePlan } from '../../probe/plan.ts';
import { reportProblems, type CliContext } from '../cliContext.ts';
import type { Problem } from '../cliError.ts';
import { problemsOf } from '../problemsOf.ts';
import type { RunningProbe } from '../programs/runFile.ts';
import { accountLines } from './accountLines.ts';
import { after } from './endOfRun.ts';
import { unlinkPlaces } from './unlinkPlaces.ts';
import type { EventPrinter } from './eventPrinter.ts';
import type { PlannedProbe } from './planProbes.ts';
import type { RunStorage } from './runStorage.ts';

export interface SessionOptions {
  context: CliContext;
  printer: EventPrinter;
  node: string;
  /** Keeps the account beyond a kill -9. */
  epochs?: Pick<Epochs, 'open'>;
  /** Stores events as well. */
  storage?: (host: Host) => RunStorage;
  /** Told when other programs run than before: their ids by probe and point. */
  onPrograms: (running: RunningProbe[]) => void;
}

interface Entry {
  manifest: Manifest;
  plan: ProbePlan;
  expiry: Disposable | undefined;
  /** Why it does not run any more although it is loaded. */
  stopped: string | undefined;
}

/** Some 300,000 events: what a reader who is slower than the kernel still gets to see after Ctrl-C, in seconds. */
const maxPendingBytes = 8 << 20;

/** What runs in this process: probes come and go, and each leaves its account. */
export class Session {
  readonly #options: SessionOptions;
  readonly #host: Host;
  readonly #storage: RunStorage | undefined;
  readonly #budget: CpuBudget;
  readonly #idle = new AbortController();
  readonly #entries = new Map<string, Entry>();
  #exceeded = false;

  constructor(options: SessionOptions) {
    const { printer, node, epochs, storage } = options;
    this.#options = options;
    this.#host = new Host({
      onBatches: (batches) => {
        const printed = printer.print(batches);
        // Whoever reads slowly does not see everything; all the same it is stored.
        return this.#storage?.take(batches) ?? printed;
      },
      emptyBatches: storage !== undefined,
      maxPendingBytes,
      node,
      openUnlinks: (tell) => openDelayedUnlinks(unlinkPlaces(options.context), tell, options.context.log),
      ...(epochs === undefined ? {} : { epochs }),
    });
    this.#storage = storage?.(this.#host);
    this.#budget = new CpuBudget({
      host: this.#host,
      measure: measurePrograms,
      onOverBudget: ({ probe, percent }) => {
        this.#overBudget(probe, percent);
      },
      onUnmeasurable: (error) => {
        const hint =
          'limits.cpuPercentPerNode is not kept: that takes CAP_SYS_ADMIN, or the sysctl kernel.bpf_stats_enabled set to 1';
        // Its own advice is for agents.
        this.#warn(
          problemsOf((error as Error).cause ?? error).map(({ message }) => ({ message, hints: [hint] })),
        );
      },
    });
  }

  /** Aborted when no probe runs any more, each having expired or used up its budget. */
  get idle(): AbortSignal {
    return this.#idle.signal;
  }

  /** Some probe was stopped because it cost too much. */
  get exceeded(): boolean {
    return this.#exceeded;
  }

  /** Manifests of what runs, by UID. */
  get running(): Map<string, Manifest> {
    return new Map([...this.#entries].map(([uid, { manifest }]) => [uid, manifest]));
  }

  /**
   * Starts probes, or replaces their generations that run.
   * @returns every refusal of the kernel; a refused probe's old generation goes on, and all other probes run
   */
  async apply(planned: readonly PlannedProbe[]): Promise<Problem[]> {
    const problems: Problem[] = [];
    for (const { plan, manifest } of planned) {
      try {
        this.#storage?.describe(plan.uid, manifest.probe);
        await this.#host.apply(plan);
      } catch (error) {
        problems.push(...problemsOf(error, { locate: manifest.locate, probe: plan.name }));
        continue;
      }
      this.#entries.get(plan.uid)?.expiry?.[Symbol.dispose]();
      this.#entries.set(plan.uid, {
        manifest,
        plan,
        expiry: this.#expiry(manifest, plan),
        stopped: undefined,
      });
    }
    this.#tellPrograms();
    return problems;
  }

  /** Stops a probe; its account goes to standard error. */
  async stop(uid: string, remark?: string): Promise<void> {
    const account = await this.#stop(uid, remark);
    this.#tellPrograms();
    for (const line of account) this.#options.context.stderr.line(line);
  }

  /** Stops all probes with their accounts. */
  async close(): Promise<void> {
    this.#budget.close();
    this.#storage?.end();
    const accounts = await Promise.all([...this.#entries.keys()].map((uid) => this.#stop(uid)));
    for (const line of accounts.flat()) this.#options.context.stderr.line(line);
    await this.#storage?.close();
    await this.#host.close();
  }

  /** Lines of its account; none when it does not run. */
  async #stop(uid: string, remark?: string): Promise<string[]> {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return [];
    this.#entries.delete(uid);
    entry.expiry?.[Symbol.dispose]();
    const { printer } = this.#options;
    const account = await this.#host.stop(uid);
    await printer.settled();
    const stored = await this.#storage?.stopped(uid, account);
    const why = remark ?? entry.stopped;
    return [
      ...accountLines(entry.plan.name, account, { shown: printer.shown(uid), stored }),
      ...(why === undefined ? [] : [`  ${why}`]),
    ];
  }

  /** true when a probe of this UID runs from an equal spec. */
  runs(uid: string, manifest: Manifest): boolean {
    const entry = this.#entries.get(uid);
    return entry !== undefined && isDeepStrictEqual(entry.manifest.probe.spec, manifest.probe.spec);
  }

  #expiry({ probe }: Manifest, plan: ProbePlan): Disposable | undefined {
    const { expireAfter } = probe.spec;
    if (expireAfter === undefined) return undefined;
    const expired = after(durationToMilliseconds(expireAfter));
    expired.addEventListener('abort', () => {
      void this.stop(plan.uid, `it has expired: spec.expireAfter is ${expireAfter}`).then(() => {
        this.#endWhenIdle();
      });
    });
    return expired;
  }

  #overBudget(probe: ProbePlan, percent: number): void {
    const used = `${percent.toFixed(1)} % of a CPU, where limits.cpuPercentPerNode grants ${probe.cpuPercent} %`;
    const hints = [
      'trace something rarer, filter by arguments and ids instead of strings, or raise the limit',
    ];
    this.#warn([{ message: `probe ${probe.name} was stopped, OverBudget: it used ${used}`, hints }]);
    this.#exceeded = true;
    const entry = this.#entries.get(probe.uid);
    if (entry !== undefined) entry.stopped = `stopped early, OverBudget: it used ${used}`;
    this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    if ([...this.#entries.values()].every(({ stopped }) => stopped !== undefined)) this.#idle.abort();
  }

  #tellPrograms(): void {
    this.#options.onPrograms(
      [...this.#entries.values()].map(({ plan }) => {
        const ids = this.#host.programIds(plan.uid);
        const points = plan.points.map(({ name, attach }) => ({
          point: name,
          attach,
          programIds: ids.get(name) ?? [],
        }));
        return { probe: plan.name, points };
      }),
    );
  }

  #warn(problems: readonly Problem[]): void {
    reportProblems(this.#options.context.stderr, problems, 'warning');
  }
}
