import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const repository = new URL('..', import.meta.url);

/**
 * Runs a program of the repository (TypeScript, or a bundle for Node 24) in place of this process: same input,
 * output, signals and exit status. npm scripts run on the Node 24 in node_modules and just load it; where this is an
 * older Node, started by hand, that one is started.
 */
export async function runProgram(file, args) {
  const program = fileURLToPath(new URL(file, repository));
  if (Number.parseInt(process.versions.node, 10) >= 24) {
    process.argv = [process.argv[0], program, ...args];
    await import(program);
    return;
  }

  const node = fileURLToPath(new URL('node_modules/.bin/node', repository));
  if (!existsSync(node)) {
    console.error('TraceProbe: it is not set up here.\nRun: node scripts/setup.js');
    process.exit(1);
  }
  const child = spawn(node, [program, ...args], { stdio: 'inherit' });
  // What is sent to this process alone does not reach the child; a terminal's Ctrl-C does, and a repeat does no harm.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`TraceProbe: cannot run ${node} (${error.message}).\nRun: node scripts/setup.js`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
