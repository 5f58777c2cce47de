import type { FilterBuiltin } from '../cel/scope.ts';
import type { Hook as HookPlan, ProgramPlan } from '../plan.ts';
import type { HookValues } from './hookValues.ts';
import type { Place } from './planError.ts';

/** A place to attach to that exists on this kernel. */
export interface Hook {
  values: HookValues;
  /** Can run in interrupt context, where the current task is a bystander. */
  interrupts: boolean;
  /** What is not seen here, whatever is captured. */
  notes: string[];
  /** What the traced call changes before it returns. */
  changedByCall?: ReadonlySet<FilterBuiltin>;
  /** User memory that arguments point to is gone at the return of the call (exec): why, and what to do. */
  memoryGoneAtReturn?: string;
  /** Runs when the call returns: captures the result unless told otherwise. */
  atReturn: boolean;
  /** Arguments are gone by then, so that capturing one takes a second program at the entry. */
  returnOnly: boolean;
  /** The function of the kernel that is probed, where it is one. */
  function?: string;
  /**
   * The programs that see what is used.
   * @throws {PlanError} at `place` when this kernel has none that can.
   */
  programs(uses: HookUses, place: Place): HookPrograms;
}

/** What captures and filter of a point need of the hook. */
export interface HookUses {
  args: boolean;
  retval: boolean;
  duration: boolean;
}

export interface HookPrograms {
  programs: HookProgram[];
  /** How these programs differ from what was asked for. */
  notes: string[];
}

export type HookProgram = Pick<ProgramPlan, 'object' | 'program' | 'role'> & { hook: HookPlan };
