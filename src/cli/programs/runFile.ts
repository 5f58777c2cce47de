import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Gone after a restart, as the programs are. */
const defaultDirectory = '/run/traceprobe';

/** What is attached for a probe, for others to find. */
export interface RunningProbe {
  probe: string;
  points: { point: string; attach: string; programIds: number[] }[];
}

/** A process that runs probes. */
export interface Run {
  pid: number;
  probes: RunningProbe[];
}

/** Says below /run which programs this process has attached for whom, as long as it is open. */
export class RunFile implements Disposable {
  readonly #directory: string;
  readonly #path: string;
  #written = false;

  constructor(directory = defaultDirectory) {
    this.#directory = directory;
    this.#path = join(directory, `run-${process.pid}.json`);
  }

  /** Nobody but `traceprobe programs` needs it, so a directory that cannot be written to is no reason to fail. */
  write(probes: RunningProbe[]): void {
    try {
      mkdirSync(this.#directory, { recursive: true });
      writeFileSync(this.#path, JSON.stringify({ pid: process.pid, probes } satisfies Run));
      this.#written = true;
    } catch {
      // Then this run is not listed.
    }
  }

  [Symbol.dispose](): void {
    if (this.#written) rmSync(this.#path, { force: true });
  }
}

/** Processes that run probes now; files of those that were killed are removed. */
export function readRuns(directory = defaultDirectory): Run[] {
  return names(directory).flatMap((name) => {
    const pid = /^run-(\d+)\.json$/.exec(name)?.[1];
    if (pid === undefined) return [];
    try {
      readFileSync(`/proc/${pid}/comm`);
    } catch {
      rmSync(join(directory, name), { force: true });
      return [];
    }
    try {
      return [JSON.parse(readFileSync(join(directory, name), 'utf8')) as Run];
    } catch {
      // It has just ended, or is just writing.
      return [];
    }
  });
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
