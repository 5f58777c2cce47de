import { loadProgram } from '../../agent/loadProgram.ts';
import { openPairStorage } from '../../agent/pairStorage.ts';
import type { SharedMaps } from '../../agent/sharedMaps.ts';
import type { ProgramInfo } from '../../bpf/index.ts';
import { encodeConfig } from '../../probe/config.ts';
import type { PointPlan, ProgramPlan } from '../../probe/plan.ts';

/** A program that the kernel accepted. */
export interface CheckedProgram {
  plan: ProgramPlan;
  info: ProgramInfo;
}

/**
 * Loads the programs of a point as they would run, and unloads them; nothing is attached.
 * @throws VerifierError, BpfError
 */
export function loadPoint(point: PointPlan, rate: number, maps: SharedMaps): CheckedProgram[] {
  const paired = point.programs.find(({ role }) => role === 'entry');
  using pairs = paired && openPairStorage(paired.object);
  const place = {
    slot: 0,
    gate: 0,
    schema: 1,
    scoped: false,
    rate,
    share: BigInt(maps.events.maxEntries) / 2n,
  };
  return point.programs.map((plan) => {
    using loaded = loadProgram(plan, {
      maps,
      config: encodeConfig(point, plan, place),
      pairs,
      large: point.large,
    });
    return { plan, info: loaded.info };
  });
}
