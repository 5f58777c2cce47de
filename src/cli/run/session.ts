import { CpuBudget } from '../../agent/cpuBudget.ts';
import { Host } from '../../agent/host.ts';
import { enableStats } from '../../bpf/index.ts';
import type { ProbePlan } from '../../probe/plan.ts';
import { reportProblems, type CliContext } from '../cliContext.ts';
import { CliError, type Problem } from '../cliError.ts';
import { problemsOf } from '../problemsOf.ts';
import { accountLines } from './accountLines.ts';
import type { EventPrinter } from './eventPrinter.ts';
import type { PlannedProbe } from './planProbes.ts';

export interface SessionOptions {
  context: CliContext;
  printer: EventPrinter;
  node: string;
}

/** What runs in this process: probes come and go, and each leaves its account. */
export class Session {
  readonly #options: SessionOptions;
  readonly #host: Host;
  readonly #budget: CpuBudget;
  readonly #idle = new AbortController();
  /** By UID: what else is to be said in the account. */
  readonly #remarks = new Map<string, string>();
  readonly #suspended = new Set<string>();

  constructor(options: SessionOptions) {
    const { printer, node } = options;
    this.#options = options;
    this.#host = new Host({ onBatches: (batches) => printer.print(batches), node });
    this.#budget = new CpuBudget({
      host: this.#host,
      measure: enableStats,
      onOverBudget: ({ probe, percent }) => {
        this.#overBudget(probe, percent);
      },
      onUnmeasurable: (error) => {
        const hint = 'limits.cpuPercentPerNode is not kept: measuring programs takes CAP_SYS_ADMIN';
        reportProblems(
          options.context.stderr,
          problemsOf(error).map(({ message }) => ({ message, hints: [hint] })),
          'warning',
        );
      },
    });
  }

  /** Aborted when every probe was suspended, so that nothing more can come. */
  get idle(): AbortSignal {
    return this.#idle.signal;
  }

  get plans(): ProbePlan[] {
    return this.#host.probes;
  }

  /**
   * Starts probes, or replaces their generations that run.
   * @throws CliError with every refusal of the kernel; the other probes run all the same
   */
  async apply(planned: readonly PlannedProbe[]): Promise<void> {
    const problems: Problem[] = [];
    for (const { plan, manifest } of planned) {
      try {
        await this.#host.apply(plan);
        this.#suspended.delete(plan.uid);
      } catch (error) {
        problems.push(...problemsOf(error, { locate: manifest.locate, probe: plan.name }));
      }
    }
    if (problems.length > 0) throw new CliError(problems);
  }

  /** Stops a probe; its account goes to standard error. */
  async stop(uid: string): Promise<void> {
    const plan = this.#host.probes.find((probe) => probe.uid === uid);
    if (plan === undefined) return;
    const { printer, context } = this.#options;
    const account = await this.#host.stop(uid);
    await printer.settled();
    const remark = this.#remarks.get(uid);
    const lines = accountLines(plan.name, account, printer.shown(uid));
    for (const line of remark === undefined ? lines : [...lines, `  ${remark}`]) context.stderr.line(line);
    this.#suspended.delete(uid);
  }

  /** Stops all probes with their accounts. */
  async close(): Promise<void> {
    this.#budget.close();
    for (const { uid } of this.#host.probes) await this.stop(uid);
    await this.#host.close();
  }

  #overBudget(probe: ProbePlan, percent: number): void {
    const { stderr } = this.#options.context;
    const used = `it used ${percent.toFixed(1)} % of a CPU, of ${probe.cpuPercent} % that limits.cpuPercentPerNode grants`;
    this.#remarks.set(probe.uid, `stopped early, OverBudget: ${used}`);
    this.#suspended.add(probe.uid);
    reportProblems(
      stderr,
      [
        {
          message: `probe ${probe.name} was stopped, OverBudget: ${used}`,
          hints: ['trace something rarer, filter by more, or raise the limit'],
        },
      ],
      'warning',
    );
    if (this.#host.probes.every(({ uid }) => this.#suspended.has(uid))) this.#idle.abort();
  }
}
