import { Command, Option } from 'commander';
import type { CliContext } from '../cliContext.ts';

/** `traceprobe doctor` */
export function doctorCommand(context: CliContext): Command {
  return new Command('doctor')
    .summary('say what this machine can trace, and why not the rest')
    .description(
      `Says what this kernel, its lockdown mode and this process's capabilities allow, each found by trying, and what
follows from it. Exit status 1 when nothing can be traced here.`,
    )
    .addOption(
      new Option('-o, --output <FORMAT>', 'for people or programs').choices(['text', 'json']).default('text'),
    )
    .action(async ({ output }: { output: 'text' | 'json' }) => {
      const { examine } = await import('../doctor/examine.ts');
      context.exitCode = examine(output, context);
    });
}
