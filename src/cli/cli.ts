import { basename } from 'node:path';
import { CommanderError } from 'commander';
import { reportProblems, type CliContext } from './cliContext.ts';
import { CliError, exitCodes } from './cliError.ts';
import { commandLine, type GlobalOptions } from './commandLine.ts';
import { createLog } from './createLog.ts';
import { TextOutput } from './output/textOutput.ts';
import { problemsOf } from './problemsOf.ts';

/** What a process has and a test can replace. */
export interface CliProcess {
  stdout: NodeJS.WritableStream & ConstructorParameters<typeof TextOutput>[0];
  stderr: NodeJS.WritableStream & ConstructorParameters<typeof TextOutput>[0];
  env: NodeJS.ProcessEnv;
  /** What the program was called as; argv[1]. */
  argv?: readonly string[];
}

/**
 * Runs one command line; whatever goes wrong is reported on standard error.
 * @param args without the program's name
 * @returns the exit code
 */
export async function runCli(
  args: readonly string[],
  { stdout, stderr, env, argv = [] }: CliProcess,
): Promise<number> {
  const context: CliContext = {
    stdout: new TextOutput(stdout, env),
    stderr: new TextOutput(stderr, env),
    environment: env,
    isPlugin: /^kubectl-traceprobe(\.js)?$/.test(basename(argv[1] ?? '')),
    log: createLog(() => root.opts<GlobalOptions>().logLevel),
    exitCode: exitCodes.ok,
  };
  const root = commandLine(context);
  try {
    await root.parseAsync(args, { from: 'user' });
  } catch (error) {
    context.exitCode = failed(error, context);
  }
  await context.stdout.flushed();
  return context.exitCode;
}

function failed(error: unknown, { stderr }: CliContext): number {
  // Commander has reported it already; help and --version end with an error of exit code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  reportProblems(stderr, problemsOf(error));
  return error instanceof CliError ? error.exitCode : exitCodes.failure;
}
