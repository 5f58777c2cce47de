/** What the kernel tells of a loaded program. */
export interface ProgramInfo {
  id: number;
  /** SHA-1 prefix of the instructions, hexadecimal. */
  tag: string;
  /** Size after the kernel's rewriting, in bytes (8 an instruction). */
  xlatedBytes: number;
  /** Machine code, in bytes; 0 when not compiled or not shown to this process. */
  jitedBytes: number;
  /** Instructions that the verifier walked, of at most one million. */
  verifiedInstructions: number;
  /** Nanoseconds and runs, counted while statistics are on (enableStats). */
  runTimeNs: number;
  runCount: number;
  /** Runs that the kernel skipped because the program was running on that CPU already. */
  recursionMisses: number;
}
