import { release } from 'node:os';
import { Command } from 'commander';
import type { CliContext } from '../cliContext.ts';
import { version } from '../version.ts';

/** `traceprobe version` */
export function versionCommand(context: CliContext): Command {
  return new Command('version')
    .summary('print the version, and what it runs on')
    .description('Prints the version of TraceProbe, of the kernel and of Node: for bug reports.')
    .action(() => {
      const { platform, arch, version: node } = process;
      context.stdout.line(`traceprobe ${version()} (${platform} ${release()}, ${arch}, Node ${node})`);
    });
}
