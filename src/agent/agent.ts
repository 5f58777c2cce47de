import { join } from 'node:path';
import { arch, release } from 'node:os';
import { create } from '@bufbuild/protobuf';
import type { ChannelCredentials, ClientOptions } from '@grpc/grpc-js';
import { planFeatures } from '../api/index.ts';
import { runningKernel } from '../probe/resolve/runningKernel.ts';
import type { ProbeReport } from '../rpc/gen/traceprobe/v1/agent_pb.ts';
import { FrameSchema } from '../rpc/gen/traceprobe/v1/ingest_pb.ts';
import type { AgentLog } from './agentLog.ts';
import { CpuBudget, type CpuBudgetOptions } from './cpuBudget.ts';
import { Outbox } from './delivery/outbox.ts';
import { Shipper, type Delivery } from './delivery/shipper.ts';
import { Debounced } from './debounced.ts';
import { hasKeptFiles, openDelayedUnlinks, type UnlinkPlaces } from './delayedUnlink/openDelayedUnlinks.ts';
import { Desired } from './desiredState.ts';
import type { Epochs } from './epochs.ts';
import { Expiry, type AgentClock } from './expiry.ts';
import { Framer } from './framer.ts';
import { shorten } from './failureOf.ts';
import { Host } from './host.ts';
import { killedAccounts, Ledger } from './ledger.ts';
import type { BackoffOptions } from '../service/backoff.ts';
import { ControllerLink } from './link/controllerLink.ts';
import { mountedCgroups, type CgroupHierarchy } from './workloads/cgroupHierarchy.ts';
import { NodeWorkloads } from './workloads/nodeWorkloads.ts';
import { measurePrograms } from './measurePrograms.ts';
import { readPlan, writePlan } from './planFile.ts';
import { ProbeReconciler } from './probeReconciler.ts';
import { RecentLosses } from './recentLosses.ts';
import { Reports } from './reports.ts';

export interface AgentOptions {
  /** host:port of the controller's AgentService. */
  controller: string;
  /** Trust in controller and aggregator. */
  credentials: ChannelCredentials;
  /** The credentials are none: no other machine is sent the token, whoever names it. */
  onlyLoopback?: boolean;
  controllerOptions?: ClientOptions;
  aggregatorOptions?: ClientOptions;
  /** Reads the token. */
  token: () => string | Promise<string>;
  tokenMilliseconds?: number;
  nodeName: string;
  /** Of this program, for the hello. */
  version: string;
  /** The agent's own: the spool and the last plan. Made when it is missing. */
  dataDirectory: string;
  /** Which cgroups pods are known by. Default: what is mounted here. */
  cgroups?: CgroupHierarchy;
  /** Keeps the account over a kill -9; left out: it ends with the process. */
  epochs?: Epochs;
  /** Where delayed deletions are kept track of; left out: probes of that kind are refused. */
  unlinks?: UnlinkPlaces;
  maxMemoryBytes?: number;
  maxSpoolBytes?: number;
  segmentBytes?: number;
  flushMilliseconds?: number;
  ringBytes?: number;
  backoff?: BackoffOptions;
  retryMilliseconds?: number;
  /** How often losses of the last minute are looked at. Default 5 s. */
  losingMilliseconds?: number;
  /** How CPU budgets are sampled. */
  budget?: Partial<Pick<CpuBudgetOptions, 'intervalMilliseconds' | 'sampleMilliseconds' | 'measure'>>;
  /** By which probes expire; for tests. */
  clock?: AgentClock;
  log: AgentLog;
}

/** Pods come and go by the dozen: the plan is written down so long after a change. */
const planMilliseconds = 200;

/**
 * One node: runs the probes that the controller wants, and ships their events to the aggregator. It goes on from the
 * last plan without a controller, and keeps events on disk without an aggregator.
 */
export class Agent {
  readonly host: Host;
  readonly outbox: Outbox;
  readonly #options: AgentOptions;
  readonly #desired = new Desired();
  readonly #expiry: Expiry;
  readonly #cgroups: CgroupHierarchy | undefined;
  readonly #workloads: NodeWorkloads;
  readonly #framer: Framer;
  readonly #ledger: Ledger;
  readonly #losses = new RecentLosses();
  readonly #reconciler: ProbeReconciler;
  readonly #budget: CpuBudget;
  readonly #shipper: Shipper;
  readonly #link: ControllerLink;
  readonly #reports = new Reports((probes, complete) => this.#report(probes, complete));
  readonly #plan = new Debounced(() => {
    this.#savePlan();
  }, planMilliseconds);
  readonly #losingTimer: NodeJS.Timeout;
  #linked = false;
  /** Why limits.cpuPercentPerNode is not kept; undefined: it is. */
  #budgetsNotKept: string | undefined;

  /**
   * Starts: first what the last plan says, then what the controller says.
   * @throws BpfError when this process may not use BPF; Error when the data directory cannot be used
   */
  constructor(options: AgentOptions) {
    this.#options = options;
    const { log } = options;
    this.outbox = new Outbox({
      directory: join(options.dataDirectory, 'spool'),
      ...given({
        maxMemoryBytes: options.maxMemoryBytes,
        maxSpoolBytes: options.maxSpoolBytes,
        segmentBytes: options.segmentBytes,
      }),
      log,
    });
    this.#expiry = new Expiry(() => {
      this.#apply();
    }, options.clock);
    // Before this life's own epoch, and behind what the last life left in the spool.
    this.#closeEpochs();
    this.#cgroups = options.cgroups ?? mountedCgroups();
    this.#workloads = new NodeWorkloads({
      root: this.#cgroups?.root,
      tell: (set, removed) => {
        this.host.setWorkloads(set, removed);
      },
      log,
    });
    this.host = this.#createHost();
    this.#workloads.update(this.#desired.pods.values());
    this.#framer = new Framer(this.host.epoch);
    this.#ledger = new Ledger(this.host.epoch, () =>
      this.host.probes.map(({ uid }) => [uid, this.host.account(uid)] as const),
    );
    this.#reconciler = new ProbeReconciler({
      host: {
        stop: (uid) => this.host.stop(uid),
        apply: (plan, { spec }) => this.host.apply(plan, this.#workloads.scopeOf(spec.scope)),
      },
      kernel: runningKernel,
      isExpired: (probe) => this.#expiry.isOver(probe),
      onReport: (uid, report) => {
        this.#reports.take(uid, report);
      },
      onStarting: ({ uid }, probe) => {
        this.#framer.describe(uid, probe);
      },
      onStopped: (uid, account, gone) => {
        if (account !== undefined) this.#ledger.stopped(uid, account);
        if (!gone) return;
        this.#finish(uid);
        this.#framer.forget(uid);
      },
      ...given({ retryMilliseconds: options.retryMilliseconds }),
      log,
    });
    this.#budget = this.#watchBudgets();
    const { credentials, token, controllerOptions, aggregatorOptions } = options;
    const common = {
      ...{ credentials, token, log },
      ...given({ tokenMilliseconds: options.tokenMilliseconds, backoff: options.backoff }),
      onlyLoopback: options.onlyLoopback === true,
    };
    this.#shipper = new Shipper({
      ...common,
      outbox: this.outbox,
      ...given({ clientOptions: aggregatorOptions }),
      accounts: (all) => this.#ledger.changed(all),
      onDelivery: (delivery) => {
        this.#tellDelivery(delivery);
      },
    });
    this.#startFromPlan();
    this.#takeUpKeptFiles();
    this.#link = new ControllerLink({
      ...common,
      address: options.controller,
      ...given({ clientOptions: controllerOptions }),
      hello: {
        version: options.version,
        kernelRelease: release(),
        architecture: arch() === 'arm64' ? 'aarch64' : 'x86_64',
        features: [...planFeatures],
        epoch: this.host.epoch,
      },
      onDesired: (state) => {
        this.#desired.merge(state);
        this.#expiry.told(state);
        this.#apply();
        this.#plan.request();
      },
      onLinked: (linked) => {
        this.#linked = linked;
        if (linked) this.#reports.flush(true);
      },
    });
    this.#losingTimer = setInterval(() => {
      this.#updateLosses();
      this.#updateProblems();
    }, options.losingMilliseconds ?? 5000).unref();
  }

  /** The controller is there. */
  get linked(): boolean {
    return this.#linked;
  }

  /** limits.cpuPercentPerNode is kept: programs can be measured. */
  get keepsBudgets(): boolean {
    return this.#budgetsNotKept === undefined;
  }

  get delivery(): Delivery {
    return this.#shipper.delivery;
  }

  /** What became of each probe, by UID. */
  get reports(): ReadonlyMap<string, ProbeReport> {
    return this.#reports.byUid;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  /** Settled when everything wanted so far runs, or has failed. */
  async settled(): Promise<void> {
    await this.#reconciler.settled();
  }

  /**
   * Stops all probes, ships what there is, and ends with final accounts; what could not be shipped in time waits on
   * disk for the next life.
   */
  async close(milliseconds = 10_000): Promise<void> {
    clearInterval(this.#losingTimer);
    this.#reports.close();
    this.#budget.close();
    this.#expiry.close();
    this.#plan.flush();
    // Closed whatever becomes of the rest.
    await using closing = new AsyncDisposableStack();
    let leaveEpoch = true;
    closing.defer(() => this.host.close({ leaveEpoch }));
    await this.host.leaveUnlinks();
    await this.#reconciler.close();
    for (const uid of this.#ledger.unfinished) this.#finish(uid);
    await this.host.drain();
    const delivered = await this.#shipper.flushed(milliseconds);
    if (!delivered) {
      this.#options.log('warn', 'not everything could be shipped: it waits on disk', {
        delivery: this.#shipper.delivery.message,
      });
    }
    this.#workloads.close();
    await this.#link.close();
    await this.#shipper.close();
    // On disk before the host gives the pinned counters up: one of them must tell.
    leaveEpoch = !this.outbox.persist();
  }

  #createHost(): Host {
    const { epochs, log, nodeName, flushMilliseconds, ringBytes } = this.#options;
    const { unlinks } = this.#options;
    const options = {
      node: nodeName,
      ...(unlinks !== undefined && {
        openUnlinks: (tell: Parameters<typeof openDelayedUnlinks>[1]) =>
          openDelayedUnlinks(unlinks, tell, log),
      }),
      emptyBatches: true,
      onUnknownCgroups: (cgroups: bigint[]) => {
        this.#workloads.unknown(cgroups);
      },
      ...given({ flushMilliseconds, ringBytes, cgroupVersion: this.#cgroups?.version }),
      onBatches: (batches: Parameters<Framer['frames']>[0] & object) => {
        for (const frame of this.#framer.frames(batches)) this.outbox.add(frame);
      },
    };
    if (epochs === undefined) return new Host(options);
    try {
      return new Host({ ...options, epochs });
    } catch (error) {
      log('warn', 'counters cannot be pinned: after a kill the loss will be unknown', {
        error: (error as Error).message,
      });
      return new Host(options);
    }
  }

  /** Of agents before this one that were killed, or could not hand their accounts on. */
  #closeEpochs(): void {
    const { epochs, log } = this.#options;
    try {
      for (const dead of epochs?.dead() ?? []) {
        log('info', 'an agent before this one was killed, or could not hand its account on', {
          epoch: dead.epoch.toString('hex'),
          since: dead.since.toISOString(),
        });
        const forget = (): void => {
          epochs?.forget(dead.epoch);
        };
        const accounts = killedAccounts(dead);
        if (accounts.length === 0) forget();
        else this.outbox.add(create(FrameSchema, { accounts }), forget);
      }
    } catch (error) {
      log('error', 'epochs of agents before this one cannot be read', { error: (error as Error).message });
    }
  }

  #watchBudgets(): CpuBudget {
    return new CpuBudget({
      host: this.host,
      measure: measurePrograms,
      ...this.#options.budget,
      onOverBudget: ({ probe, percent }) => {
        const message =
          `the probe's programs used ${percent.toFixed(1)} % of a CPU, and limits.cpuPercentPerNode grants ` +
          `${probe.cpuPercent} %: trace something rarer, filter by arguments and ids instead of strings, or raise the limit`;
        this.#reconciler.overBudget(probe.uid, message);
      },
      onUnmeasurable: (error) => {
        this.#tellBudgets(shorten(`limits.cpuPercentPerNode is not kept: ${(error as Error).message}`));
      },
      onMeasurable: () => {
        this.#tellBudgets(undefined);
      },
    });
  }

  get #planFile(): string {
    return join(this.#options.dataDirectory, 'plan');
  }

  /** Whatever is wanted now: what an earlier life kept is deleted at some time. */
  #takeUpKeptFiles(): void {
    const { unlinks, log } = this.#options;
    if (unlinks === undefined || !hasKeptFiles(unlinks)) return;
    try {
      this.host.unlinks();
    } catch (error) {
      log('error', 'files that were kept stay where they are', { error: (error as Error).message });
    }
  }

  #startFromPlan(): void {
    const { log } = this.#options;
    try {
      const plan = readPlan(this.#planFile);
      if (plan === undefined) return;
      this.#desired.merge(plan);
      log('info', 'going on from the last plan', { probes: plan.probes.length });
      this.#apply();
    } catch (error) {
      log('error', 'the last plan cannot be used: waiting for the controller', {
        error: (error as Error).message,
      });
    }
  }

  #apply(): void {
    this.#shipper.connectTo(this.#desired.aggregator);
    this.#workloads.update(this.#desired.pods.values());
    this.#reconciler.desire(this.#desired.probes);
    this.#expiry.watch(this.#desired.probes.values());
  }

  #savePlan(): void {
    try {
      writePlan(this.#planFile, this.#desired.toMessage());
    } catch (error) {
      this.#options.log('error', 'the plan cannot be written down: a restart will wait for the controller', {
        error: (error as Error).message,
      });
    }
  }

  /** The last word about a probe. */
  #finish(uid: string): void {
    if (!this.#ledger.unfinished.includes(uid)) return;
    this.outbox.add(create(FrameSchema, { accounts: [this.#ledger.final(uid)] }));
  }

  #tellBudgets(notKept: string | undefined): void {
    this.#budgetsNotKept = notKept;
    this.#options.log(notKept === undefined ? 'info' : 'warn', notKept ?? 'limits.cpuPercentPerNode is kept');
    this.#reports.setNote(notKept);
  }

  #report(probes: ProbeReport[], complete: boolean): boolean {
    if (!this.#linked) return false;
    const { delivering, message } = this.#shipper.delivery;
    this.#link.report({
      ...{ revision: this.#desired.revision, complete, delivering, deliveryMessage: message },
      probes,
    });
    return true;
  }

  #tellDelivery({ delivering, message }: Delivery): void {
    this.#options.log(
      'info',
      delivering ? 'the aggregator takes events' : 'the aggregator does not take events',
      {
        message,
      },
    );
    this.#reports.flush(false);
  }

  /** Whether or not anybody takes accounts meanwhile. */
  #updateLosses(): void {
    const { epoch } = this.host;
    const totals = [...this.#ledger.accounts()].map(
      ([uid, { lost }]) => [uid, { ...lost, ...this.outbox.lostOf({ epoch, probeUid: uid }) }] as const,
    );
    this.#losses.sample(new Map(totals));
    for (const uid of this.reports.keys()) this.#reports.setLosing(uid, this.#losses.of(uid));
  }

  /** What keeps a delayedUnlink from doing all it says comes and goes with directories and shippers. */
  #updateProblems(): void {
    for (const { uid } of this.host.probes) {
      this.#reports.setProblems(uid, this.host.delayedUnlinks?.problems(uid).map(shorten) ?? []);
    }
  }
}

/** Options that were given: an undefined one is as one left out. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
