import { spawn } from 'node:child_process';
import { BuildFailure } from './buildFailure.js';

/** Runs a compiler or the like; rejects with a BuildFailure of `step` and its output when it fails. */
export function runTool(step, command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (text) => (output += text);
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => reject(new BuildFailure(step, `${command}: ${error.message}`)));
    child.on('close', (code) => (code === 0 ? resolve() : reject(new BuildFailure(step, output))));
  });
}
