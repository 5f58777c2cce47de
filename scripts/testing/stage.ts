/** One part of `npm test` and what came of it. */
export interface Stage {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
  /** What failed, by name. */
  failures: readonly string[];
  seconds: number;
}
