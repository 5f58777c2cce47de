import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** An up.sh with --attached: what it begins goes with this process, however that ends (PR_SET_PDEATHSIG). */
export class AttachedScript implements AsyncDisposable {
  /** What it said behind "ready". */
  readonly facts: string;
  readonly #process: ChildProcessByStdio<null, Readable, null>;
  readonly #ended: Promise<unknown>;

  private constructor(
    process: ChildProcessByStdio<null, Readable, null>,
    ended: Promise<unknown>,
    facts: string,
  ) {
    this.#process = process;
    this.#ended = ended;
    this.facts = facts;
  }

  /** Begun, and ready. */
  static async start(
    script: string,
    args: readonly string[],
    env: Record<string, string>,
  ): Promise<AttachedScript> {
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', script, '--attached', ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'close');
    for await (const line of createInterface({ input: child.stdout })) {
      const facts = /^ready ?(.*)$/.exec(line)?.[1];
      if (facts !== undefined) return new AttachedScript(child, ended, facts);
    }
    await ended;
    throw new Error(`${script} ended before it was ready, see above`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.#ended;
  }
}
