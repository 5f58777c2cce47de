import { BpfObject, VerifierError, type BpfMap, type KernelProgram } from '../bpf/index.ts';
import type { ProgramPlan } from '../probe/plan.ts';
import { bpfObjectFile } from './bpfObjectFile.ts';
import { attachTarget } from './dispatcher.ts';
import type { SharedMaps } from './sharedMaps.ts';

export interface LoadOptions {
  maps: SharedMaps;
  /** struct tp_config, encoded. */
  config: Uint8Array;
  /** Task storage that the two halves of a pair share. */
  pairs: BpfMap | undefined;
  large: boolean;
}

/**
 * Opens the generic object, specialises it by its configuration and loads the one program.
 * @throws VerifierError, whose log has source lines; BpfError
 */
export function loadProgram(plan: ProgramPlan, options: LoadOptions): KernelProgram {
  try {
    return loadFrom(bpfObjectFile(plan.object), plan, options);
  } catch (error) {
    if (!(error instanceof VerifierError)) throw error;
    // Refused again, but with source lines in the log.
    return loadFrom(bpfObjectFile(plan.object, { sourceLines: true }), plan, options);
  }
}

function loadFrom(file: string, plan: ProgramPlan, options: LoadOptions): KernelProgram {
  const { maps, config, pairs, large } = options;
  // Closed again: what is loaded needs the kernel's half only.
  using object = BpfObject.open(file, { name: plan.object });
  for (const program of object.programs()) program.setAutoload(program.name === plan.program);
  const program = object.program(plan.program);
  const target = attachTarget(plan.hook);
  if (target !== undefined) program.setAttachTarget(target);
  object.setRodata(config);
  for (const name of ['events', 'counters', 'gates', 'workloads', 'scratch_small'] as const) {
    object.map(name).reuse(maps[name]);
  }
  // The verifier does not look at the branch that uses the large one unless the configuration says so.
  if (large) object.map('scratch_large').reuse(maps.scratch_large());
  else object.map('scratch_large').setAutocreate(false);
  const ownPairs = object.maps().find((map) => map.name === 'pairs');
  if (pairs !== undefined) ownPairs?.reuse(pairs);
  else ownPairs?.setAutocreate(false);
  object.load();
  return program.duplicate();
}
