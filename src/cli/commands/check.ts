import { Command } from 'commander';
import type { CliContext } from '../cliContext.ts';

/** `traceprobe check` */
export function checkCommand(context: CliContext): Command {
  return new Command('check')
    .summary('say what TraceProbes become on this kernel, without running them')
    .description(
      `Checks TraceProbes against the schema and this kernel, loads their programs without attaching them, and prints
what each point became. Exit status 0 when this machine can run them all.`,
    )
    .argument('<FILE...>', 'YAML or JSON files with any number of TraceProbes; - is standard input')
    .option('--no-load', 'load nothing into the kernel, which takes no capabilities')
    .option('--verbose', "print the verifier's whole log when it refuses a program", false)
    .action(async (files: string[], options: { load: boolean; verbose: boolean }) => {
      const { checkProbes } = await import('../check/checkProbes.ts');
      context.exitCode = await checkProbes({ files, ...options }, context);
    });
}
