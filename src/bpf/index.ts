export { BpfError } from './bpfError.ts';
export { BpfMap, mapFlags, type Batch, type MapOptions, type UpdateMode } from './bpfMap.ts';
export { BpfObject, type ObjectOptions } from './bpfObject.ts';
export { Btf, type BtfEnumValue, type BtfKind, type BtfMember, type BtfParam, type BtfType } from './btf.ts';
export { ClosedError } from './closedError.ts';
export { elfFunctions } from './elfFunctions.ts';
export { enableStats, type RunStatistics } from './enableStats.ts';
export { featureNames, KernelFeatures, type Feature, type FeatureName } from './kernelFeatures.ts';
export { KernelProgram } from './kernelProgram.ts';
export { Link, type LinkInfo } from './link.ts';
export {
  Program,
  type CookieOptions,
  type KprobeOptions,
  type KsyscallOptions,
  type UprobeOptions,
} from './program.ts';
export type { ProgramInfo } from './programInfo.ts';
export { RingBuffer } from './ringBuffer.ts';
export { synchronize } from './synchronize.ts';
export { VerifierError } from './verifierError.ts';
