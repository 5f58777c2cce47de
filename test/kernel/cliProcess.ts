import { spawn, type ChildProcessByStdio, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const repository = fileURLToPath(new URL('../..', import.meta.url));

export interface CliResult {
  /** The exit status, or the signal that ended it. */
  status: number | NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A running `traceprobe`, with what it has printed so far. */
export class CliProcess implements Disposable {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  stdout = '';
  stderr = '';
  readonly #ended: Promise<CliResult>;
  #changed = Promise.withResolvers<undefined>();

  constructor(program: string, args: readonly string[], options: SpawnOptions = {}) {
    this.child = spawn(program, args, {
      cwd: repository,
      ...options,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdin.on('error', () => undefined);
    const collect = (stream: Readable, name: 'stdout' | 'stderr'): void => {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this[name] += text;
        this.#wake();
      });
    };
    collect(this.child.stdout, 'stdout');
    collect(this.child.stderr, 'stderr');
    this.#ended = once(this.child, 'close').then((ending) => {
      const [code, signal] = ending as [number | null, NodeJS.Signals | null];
      this.#wake();
      return { status: code ?? signal, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Settled when its output is so; rejects when it ends before. */
  async until(what: string, holds: (process: CliProcess) => boolean): Promise<void> {
    for (;;) {
      if (holds(this)) return;
      const ended = await Promise.race([this.#changed.promise, this.#ended]);
      if (ended !== undefined && !holds(this)) {
        throw new Error(
          `traceprobe ended before ${what}: ${ended.status}\n${ended.stderr}\n${ended.stdout.slice(0, 2000)}`,
        );
      }
    }
  }

  /** Settled when its probes are attached; for that it was started with --log-level info. */
  async running(): Promise<void> {
    await this.until('its probes ran', ({ stderr }) => stderr.includes('probes run'));
  }

  /** Ends it in good order, as Ctrl-C does. */
  async interrupt(): Promise<CliResult> {
    this.child.kill('SIGINT');
    return this.#ended;
  }

  end(): Promise<CliResult> {
    return this.#ended;
  }

  /** Kills it if it still runs, because a test has failed. */
  [Symbol.dispose](): void {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
  }

  #wake(): void {
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers();
  }
}

/** The bundle that is installed, made by npm run build. */
export const bundle = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Starts `traceprobe ARGS…` from the sources. */
export function startCli(args: readonly string[], options: SpawnOptions = {}): CliProcess {
  return new CliProcess(process.execPath, [main, ...args], options);
}

/** Runs `traceprobe ARGS…` to its end. */
export async function runCli(
  args: readonly string[],
  { input = '', ...options }: SpawnOptions & { input?: string } = {},
): Promise<CliResult> {
  const cli = startCli(args, options);
  cli.child.stdin.end(input);
  return cli.end();
}

/** The command line of `traceprobe ARGS…`, for a shell. */
export function shellCommand(args: readonly string[]): string {
  return [process.execPath, main, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

/** Numbers of an account, by what they are called: "3 captured" is { captured: 3 }. */
export function accountOf(stderr: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of stderr.split('\n')) {
    const head = /^ {2}(attempted|captured|missed) +([\d,]+)/.exec(line);
    if (head !== null) found[`${head[1] ?? ''} in all`] = toNumber(head[2]);
    for (const [, count, what] of line.matchAll(/[=+] ([\d,]+) ([^+]+?)(?= \+|$)/g))
      found[what ?? ''] = toNumber(count);
  }
  return found;
}

function toNumber(text = ''): number {
  return Number(text.replaceAll(',', ''));
}

/** Events of -o json. */
export function eventsOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
