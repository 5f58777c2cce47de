import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { constants } from 'node:os';

const repository = new URL('..', import.meta.url);

/**
 * Runs a TypeScript file of the repository in place of this process: same arguments, input, output and exit status.
 * node_modules brings the Node 24 that can; this process may be an older one, started by hand.
 */
export function runTypeScript(file) {
  const node = fileURLToPath(new URL('node_modules/.bin/node', repository));
  if (!existsSync(node)) {
    console.error('TraceProbe is not set up here.\nRun: node scripts/setup.js');
    process.exit(1);
  }
  const args = [fileURLToPath(new URL(file, repository)), ...process.argv.slice(2)];
  const child = spawn(node, args, { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself; what a supervisor sends to this process alone does not.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  child.on('error', (error) => {
    console.error(`cannot run ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + constants.signals[signal]);
  });
}
