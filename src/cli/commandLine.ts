import { Command, Option } from 'commander';
import { agentCommand } from './commands/agent.ts';
import { aggregatorCommand } from './commands/aggregator.ts';
import { checkCommand } from './commands/check.ts';
import { completionCommand } from './commands/completion.ts';
import { controllerCommand } from './commands/controller.ts';
import { doctorCommand } from './commands/doctor.ts';
import { explainCommand } from './commands/explain.ts';
import { heldCommand } from './commands/held.ts';
import { listCommand } from './commands/list.ts';
import { programsCommand } from './commands/programs.ts';
import {
  describeCommand,
  lossCommand,
  nodesCommand,
  queryCommand,
  sqlCommand,
  topCommand,
  watchCommand,
} from './commands/readCommands.ts';
import { runCommand } from './commands/run.ts';
import { storeCommand } from './commands/store.ts';
import { supportBundleCommand } from './commands/supportBundle.ts';
import { resumeCommand, suspendCommand } from './commands/suspend.ts';
import { versionCommand } from './commands/version.ts';
import type { CliContext } from './cliContext.ts';
import { logLevels, type LogLevel } from './createLog.ts';
import { version } from './version.ts';

/** Settings that go before or behind every command. */
export interface GlobalOptions {
  logLevel: LogLevel;
}

/** The tree of commands, with nothing done yet. It throws CommanderErrors instead of ending the process. */
export function commandLine(context: CliContext): Command {
  const root = new Command('traceprobe')
    .description('Typed kernel events from a TraceProbe, on this machine or on every node of a cluster.')
    .version(version(), '-V, --version', 'print the version')
    .addOption(
      new Option('--log-level <LEVEL>', 'what goes to the log on standard error')
        .choices(logLevels)
        .default('warn'),
    )
    .addHelpText('after', examples);
  const commands = [
    runCommand,
    listCommand,
    explainCommand,
    checkCommand,
    doctorCommand,
    programsCommand,
    heldCommand,
    versionCommand,
    watchCommand,
    queryCommand,
    topCommand,
    sqlCommand,
    lossCommand,
    nodesCommand,
    describeCommand,
    storeCommand,
    suspendCommand,
    resumeCommand,
    supportBundleCommand,
    controllerCommand,
    agentCommand,
    aggregatorCommand,
    completionCommand,
  ];
  for (const command of commands) root.addCommand(command(context));
  for (const command of [root, ...root.commands, ...root.commands.flatMap(({ commands: own }) => own)]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => {
        void context.stdout.write(text);
      },
      writeErr: (text) => {
        void context.stderr.write(text);
      },
      getOutHelpWidth: () => context.stdout.columns ?? 100,
      getErrHelpWidth: () => context.stderr.columns ?? 100,
      getOutHasColors: () => context.stdout.colours,
      getErrHasColors: () => context.stderr.colours,
    });
    command.showHelpAfterError(
      `  ${command === root ? 'traceprobe' : `traceprobe ${command.name()}`} --help shows how`,
    );
  }
  return root;
}

const examples = `
Examples:
  traceprobe doctor                                what this machine can trace
  traceprobe list tracepoints 'sched/*'            what there is
  traceprobe explain syscall/openat                what can be captured there
  traceprobe run --attach syscall/openat --filter 'retval < 0'
  traceprobe check probe.yaml && traceprobe run probe.yaml
`;
