/** What commands end with: in order, exit statuses of the process. */
export const exitCodes = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** One thing that is wrong, for a person. */
export interface Problem {
  /** One sentence; FILE:LINE:COLUMN goes before it where there is one. */
  message: string;
  /** What to do, or where exactly; shown indented below. */
  hints?: readonly string[];
}

/** Why a command cannot do what it was asked: everything at once. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly problems: readonly Problem[];
  readonly exitCode: number;

  constructor(problems: readonly Problem[], exitCode: number = exitCodes.failure) {
    super(problems.map(({ message }) => message).join('\n'));
    this.problems = problems;
    this.exitCode = exitCode;
  }
}

/** A command line that makes no sense. */
export function usageError(message: string, ...hints: string[]): CliError {
  return new CliError([{ message, hints }], exitCodes.usage);
}
