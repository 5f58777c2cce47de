import type { BpfMap, KernelProgram } from '../bpf/index.ts';
import { encodeConfig, type ConfigPlacement } from '../probe/config.ts';
import type { PointPlan, ProgramPlan } from '../probe/plan.ts';
import { Dispatcher } from './dispatcher.ts';
import { openPairStorage } from './pairStorage.ts';
import { loadProgram } from './loadProgram.ts';
import type { SharedMaps } from './sharedMaps.ts';

/** The hooks of a point; when a new plan has the same ones, its programs can take the old ones' place. */
function hooksOf(plan: PointPlan): string {
  return JSON.stringify(plan.programs.map(({ role, hook }) => [role, hook]));
}

/** Exits first: a call whose entry is remembered must find its exit. */
function exitsFirst<T extends { plan: ProgramPlan }>(parts: readonly T[]): T[] {
  const rank = ({ plan }: T): number => (plan.role === 'entry' ? 1 : 0);
  return [...parts].sort((a, b) => rank(a) - rank(b));
}

interface Part {
  plan: ProgramPlan;
  loaded: KernelProgram;
}

/** Programs of one generation, loaded; task storage comes from the point. */
function loadAll(
  plan: PointPlan,
  place: ConfigPlacement,
  maps: SharedMaps,
  pairs: BpfMap | undefined,
): Part[] {
  const parts: Part[] = [];
  try {
    for (const program of plan.programs) {
      const config = encodeConfig(plan, program, place);
      const loaded = loadProgram(program, { maps, config, pairs, large: plan.large });
      parts.push({ plan: program, loaded });
    }
    return parts;
  } catch (error) {
    for (const { loaded } of parts) loaded.close();
    throw error;
  }
}

/**
 * Programs that wait to take over. commit() swaps them in: each hit runs the old or the new one, never both or none,
 * and calls under way are finished by the new one. Dispose of it a grace period later (synchronize): that unloads
 * the generation that does not run.
 */
export interface NextGeneration extends Disposable {
  commit(): void;
}

/**
 * A point in the kernel: a dispatcher at each of its hooks, and the programs of the current generation. Loaded and
 * attached when made, but nothing runs until arm().
 */
export class RunningPoint implements Disposable {
  readonly slot: number;
  readonly #maps: SharedMaps;
  readonly #hooks: string;
  readonly #pairs: BpfMap | undefined;
  readonly #dispatchers = new Map<ProgramPlan['program'], Dispatcher>();
  #parts: Part[];

  /** @throws VerifierError, BpfError */
  constructor(plan: PointPlan, place: ConfigPlacement, maps: SharedMaps) {
    this.slot = place.slot;
    this.#maps = maps;
    this.#hooks = hooksOf(plan);
    const paired = plan.programs.find(({ role }) => role === 'entry');
    this.#pairs = paired && openPairStorage(paired.object);
    this.#parts = [];
    try {
      this.#parts = loadAll(plan, place, maps, this.#pairs);
      for (const { plan: program } of exitsFirst(this.#parts)) {
        this.#dispatchers.set(program.program, new Dispatcher(program.hook));
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** From now on hits are counted and captured. */
  arm(): void {
    for (const { plan, loaded } of exitsFirst(this.#parts)) {
      this.#dispatchers.get(plan.program)?.arm(loaded);
    }
  }

  /** From now on hits do nothing; runs under way end within a grace period (synchronize). */
  disarm(): void {
    for (const { plan } of exitsFirst(this.#parts).reverse()) this.#dispatchers.get(plan.program)?.disarm();
  }

  /**
   * Tells an event of a point whose hook is 'report'.
   * @param record struct tp_record with its words and variable part; slot and schema are filled in
   * @returns false: it could not be read, and was not counted
   */
  report(record: Uint8Array): boolean {
    return [...this.#dispatchers.values()].every((dispatcher) => dispatcher.run(record) === 0);
  }

  /** Can `plan` take this one's place without attaching anything? */
  canBecome(plan: PointPlan): boolean {
    return hooksOf(plan) === this.#hooks;
  }

  /**
   * Loads the next generation's programs, without letting them run yet.
   * @throws VerifierError, BpfError: the present generation goes on
   */
  prepare(plan: PointPlan, place: ConfigPlacement): NextGeneration {
    const next = loadAll(plan, place, this.#maps, this.#pairs);
    let unused = next;
    return {
      commit: () => {
        unused = this.#parts;
        this.#parts = next;
        this.arm();
      },
      [Symbol.dispose]() {
        for (const { loaded } of unused) loaded.close();
      },
    };
  }

  /** Of all hooks together; missed is undefined where this kernel does not count. */
  get statistics(): { missed: number | undefined; runCount: number; runTimeNs: number } {
    const all = [...this.#dispatchers.values()].map((dispatcher) => dispatcher.statistics);
    return {
      missed: all.reduce<number | undefined>(
        (sum, { missed }) => (sum === undefined || missed === undefined ? undefined : sum + missed),
        0,
      ),
      runCount: all.reduce((sum, { runCount }) => sum + runCount, 0),
      runTimeNs: all.reduce((sum, { runTimeNs }) => sum + runTimeNs, 0),
    };
  }

  /** The kernel's ids of the attached programs. */
  get programIds(): number[] {
    return [...this.#dispatchers.values()].map(({ programId }) => programId);
  }

  /** Detaches and unloads. Closing twice is fine. */
  close(): void {
    for (const dispatcher of this.#dispatchers.values()) dispatcher.close();
    for (const { loaded } of this.#parts) loaded.close();
    this.#pairs?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
