export { BpfError } from './bpfError.ts';
export { BpfMap, mapFlags, type Batch, type MapOptions, type UpdateMode } from './bpfMap.ts';
export { BpfObject, type ObjectOptions } from './bpfObject.ts';
export { ClosedError } from './closedError.ts';
export { Link, type LinkInfo } from './link.ts';
export {
  Program,
  type CookieOptions,
  type KprobeOptions,
  type KsyscallOptions,
  type ProgramInfo,
  type UprobeOptions,
} from './program.ts';
export { VerifierError } from './verifierError.ts';
