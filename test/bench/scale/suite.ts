/** How a suite is to measure. */
export interface SuiteOptions {
  /** Runs of each, of which the median counts. */
  rounds: number;
  /** Little of everything: to see that it works. */
  quick: boolean;
  /** Rows of `top`, agents of `controller`; undefined: as the aims say. */
  size: number | undefined;
  /** That everything measured runs on. */
  cpus: readonly number[];
  /** A directory of this run's, on a disk. */
  scratch: string;
  /** Of built programs. */
  build: string;
  say: (line: string) => void;
}

/** A row of a table of aims. */
export interface Aim {
  aim: string;
  /** With its unit. */
  measured: string;
  met: boolean;
}

/** What a suite has found. */
export interface SuiteReport {
  aims: readonly Aim[];
  /** Of Markdown: tables and the conditions of the run. */
  parts: readonly string[];
}

export interface Suite {
  name: string;
  /** Whether it takes the compiled programs of `build`. */
  needsPrograms: boolean;
  measure(options: SuiteOptions): Promise<SuiteReport>;
}
