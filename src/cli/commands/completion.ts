import { Argument, Command } from 'commander';
import type { CliContext } from '../cliContext.ts';
import { completionScript, shells, type Shell } from '../completion/completionScript.ts';

/** `traceprobe completion` */
export function completionCommand(context: CliContext): Command {
  return new Command('completion')
    .summary('print a script that completes commands and options in a shell')
    .description('Prints a script that makes a shell complete commands, options and their values.')
    .addArgument(new Argument('<SHELL>', 'the shell').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  source <(traceprobe completion bash)                 in ~/.bashrc
  source <(traceprobe completion zsh)                  in ~/.zshrc, after compinit
  traceprobe completion fish > ~/.config/fish/completions/traceprobe.fish
`,
    )
    .action(async (shell: Shell, _options: unknown, command: Command) => {
      const root = command.parent;
      if (root !== null) await context.stdout.write(completionScript(shell, root));
    });
}
