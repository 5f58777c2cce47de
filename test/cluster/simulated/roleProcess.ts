import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/** A line of a role's log. */
export type LogEntry = { message: string } & Record<string, unknown>;

/** `traceprobe controller`, `agent` or `aggregator` as a process of its own. With TRACEPROBE_TEST_LOG set, its log is shown. */
export class RoleProcess {
  /** Of its standard error. */
  readonly lines: string[] = [];
  readonly entries: LogEntry[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Set<() => void>();

  /** @param args of the command line; Node itself takes those that begin with --import= */
  constructor(...args: string[]) {
    const imports = args.filter((arg) => arg.startsWith('--import='));
    const own = args.filter((arg) => !arg.startsWith('--import='));
    this.#child = spawn(process.execPath, [...imports, main, ...own], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    });
    this.#exited = once(this.#child, 'exit');
    if (this.#child.stderr) {
      createInterface(this.#child.stderr).on('line', (line) => {
        this.lines.push(line);
        if (process.env['TRACEPROBE_TEST_LOG']) process.stderr.write(`${args[0] ?? ''} ${line}\n`);
        if (line.startsWith('{')) this.entries.push(JSON.parse(line) as LogEntry);
        this.#look();
      });
    }
    void this.#exited.then(() => {
      this.#look();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get exited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** The newest entry with this message. */
  said(message: string): LogEntry | undefined {
    return this.entries.findLast((entry) => entry.message === message);
  }

  /** @throws Error when the process ended before */
  until(condition: (role: this) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (condition(this)) resolve();
        else if (this.exited) reject(new Error(`the process has ended:\n${this.lines.join('\n')}`));
        else return;
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** The entry with this message, as soon as there is one. */
  async untilSaid(message: string): Promise<LogEntry> {
    await this.until(() => this.said(message) !== undefined);
    return this.said(message) ?? { message };
  }

  /** @returns how long it took to end, in milliseconds */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
    const began = performance.now();
    if (!this.exited) {
      this.#child.kill(signal);
      await this.#exited;
    }
    return performance.now() - began;
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}
