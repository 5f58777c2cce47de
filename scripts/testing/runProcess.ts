import { spawn } from 'node:child_process';
import { atEnd } from '../../test/vm/atEnd.ts';

/**
 * Runs a program with our standard output and error. Resolves with undefined when it succeeds, or else with how it
 * ended, in words.
 */
export function runProcess(
  program: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string>; timeoutSeconds: number },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: options.timeoutSeconds * 1000,
      killSignal: 'SIGKILL',
    });
    const takeBack = atEnd(() => child.kill('SIGKILL'));
    child.on('error', (error) => {
      takeBack();
      resolve(`${program} could not be started: ${error.message}`);
    });
    child.on('close', (code, signal) => {
      takeBack();
      if (code === 0) resolve(undefined);
      else if (child.killed) resolve(`it did not end within ${options.timeoutSeconds} s`);
      else resolve(`it ended with ${signal ?? `status ${String(code)}`}`);
    });
  });
}
