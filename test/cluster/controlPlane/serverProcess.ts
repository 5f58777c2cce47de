import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A running server program of the control plane. */
export interface ServerProcess {
  pid: number;
  /** How it ended, in words, once it has. */
  readonly ended: Promise<string>;
  /** Resolves once `isReady` does with true; rejects with the end of its log when it ends first, or after a minute. */
  untilReady(isReady: () => Promise<boolean>): Promise<void>;
  /** Sends a signal and waits for its end. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const readySeconds = 60;
const readyPollMs = 25;

/**
 * Starts a program that logs into a file. The kernel kills it when this process goes, however that ends
 * (PR_SET_PDEATHSIG, through setpriv of util-linux, which then becomes the program).
 */
export async function startServer(
  program: string,
  args: readonly string[],
  logFile: string,
): Promise<ServerProcess> {
  const log = await open(logFile, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
    stdio: ['ignore', log.fd, log.fd],
  });
  let end: string | undefined;
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => {
      resolve(`could not be started: ${error.message}`);
    });
    child.on('exit', (code, signal) => {
      resolve(`ended with ${signal ?? `status ${String(code)}`}`);
    });
  }).then((how) => (end = how));
  await log.close();

  async function failure(problem: string): Promise<Error> {
    const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-30);
    return new Error(`${program} ${problem}; the end of its log:\n${lines.join('\n')}`);
  }

  return {
    pid: child.pid ?? 0,
    ended,
    async untilReady(isReady) {
      const deadline = Date.now() + readySeconds * 1000;
      while (!(await isReady())) {
        if (end !== undefined) throw await failure(end);
        if (Date.now() > deadline) throw await failure(`is not ready after ${readySeconds} s`);
        await delay(readyPollMs);
      }
    },
    async stop(signal) {
      if (end === undefined) child.kill(signal);
      await ended;
    },
  };
}
