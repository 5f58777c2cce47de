import type { Command } from 'commander';
import type { GlobalOptions } from './commandLine.ts';
import { createServerLog, type ServerLog } from './createServerLog.ts';

/** The log of a command that serves: from info on, unless --log-level says otherwise. */
export function serverLogOf(command: Command): ServerLog {
  const asked = command.parent?.getOptionValueSource('logLevel') !== 'default';
  return createServerLog(asked ? command.optsWithGlobals<GlobalOptions>().logLevel : 'info');
}
