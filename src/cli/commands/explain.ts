import { Command } from 'commander';
import type { CliContext } from '../cliContext.ts';

/** `traceprobe explain` */
export function explainCommand(context: CliContext): Command {
  return new Command('explain')
    .summary('say what can be captured at a place, and what it does not see')
    .description(
      `Says what can be captured at a place to attach to, with the types this kernel gives it, what the hook does not
see, and an example to start from.`,
    )
    .argument('<ATTACH>', 'TYPE/TARGET as in a TraceProbe, or the name of a built-in')
    .argument('[PATH]', 'look into this value: args.dentry')
    .option('--binary <PATH>', 'for uprobe/…: the program or library that has the function')
    .addHelpText('after', examples)
    .action(async (attach: string, path: string | undefined, { binary }: { binary?: string }) => {
      const { explainHook } = await import('../explain/explainHook.ts');
      context.exitCode = explainHook({ attach, path, binary }, context);
    });
}

const examples = `
Examples:
  traceprobe explain syscall/openat
  traceprobe explain kprobe/vfs_unlink args.dentry
  traceprobe explain uprobe/getaddrinfo --binary /lib/x86_64-linux-gnu/libc.so.6
  traceprobe explain processes
`;
