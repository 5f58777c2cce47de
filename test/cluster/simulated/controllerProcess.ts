import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/** `traceprobe controller` as a process of its own, without TLS on loopback. */
export class ControllerProcess {
  /** host:port of AgentService. */
  address = '';
  metricsPort = 0;
  leads = false;
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Set<() => void>();

  constructor(kubeconfig: string, args: readonly string[] = []) {
    this.#child = spawn(
      process.execPath,
      [
        ...[main, 'controller', '--kubeconfig', kubeconfig, '--insecure-loopback'],
        ...['--listen', '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0'],
        ...['--aggregator-address', 'aggregator.test:7444', '--lease-duration', '4s', ...args],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'], HOME: process.env['HOME'] } },
    );
    this.#exited = once(this.#child, 'exit');
    if (this.#child.stderr) {
      createInterface(this.#child.stderr).on('line', (line) => {
        this.#read(line);
      });
    }
    void this.#exited.then(() => {
      this.#look();
    });
  }

  get exited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** @throws Error when the process ended before */
  until(condition: (controller: this) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (condition(this)) resolve();
        else if (this.exited) reject(new Error(`the controller has ended:\n${this.lines.join('\n')}`));
        else return;
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
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

  #read(line: string): void {
    this.lines.push(line);
    if (line.startsWith('{')) {
      const { message, port, metricsPort } = JSON.parse(line) as {
        message: string;
        port?: number;
        metricsPort?: number;
      };
      if (message === 'serving agents') {
        this.address = `127.0.0.1:${port}`;
        this.metricsPort = metricsPort ?? 0;
      }
      if (message === 'this replica leads') this.leads = true;
      if (message === 'this replica leads no more') this.leads = false;
    }
    this.#look();
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}
