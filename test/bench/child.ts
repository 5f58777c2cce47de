import { spawn } from 'node:child_process';

export interface ChildCommand {
  command: readonly [string, ...string[]];
  env?: Record<string, string>;
  /** It is killed when it takes longer. Default: three minutes. */
  mostMs?: number;
}

/** A process of a measurement. Disposing of it ends it, however far it is. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when standard output or error has matched; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<void>;
  /** The same, with what has matched. */
  matched(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with everything on standard output when it ended by itself with 0, else rejects with what it printed. */
  ended(): Promise<string>;
  signal(signal: NodeJS.Signals): void;
}

/** Starts a process on these CPUs that dies with us, also when we are killed. */
export function startChild({ command, env, mostMs = 180_000 }: ChildCommand, cpus: readonly number[]): Child {
  const [program, ...args] = command;
  const wrapped = ['--pdeathsig', 'KILL', 'taskset', '-c', cpus.join(','), program, ...args];
  const child = spawn('setpriv', wrapped, {
    env: { ...process.env, LC_ALL: 'C', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let printed = '';
  const waiting = new Set<() => void>();
  const take = (text: string): void => {
    printed += text;
    for (const look of waiting) look();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    take(text);
  });
  child.stderr.setEncoding('utf8').on('data', take);

  const overtime = setTimeout(() => {
    take(`\n(killed after ${mostMs / 1000} s)`);
    child.kill('SIGKILL');
  }, mostMs);
  const closed = new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => {
      resolve(error.message);
    });
    child.on('close', (code, signal) => {
      resolve(code === 0 ? undefined : `ended with ${signal ?? String(code)}`);
    });
  }).finally(() => {
    clearTimeout(overtime);
  });
  const fault = (what: string): Error => new Error(`${command.join(' ')}: ${what}\n${printed.slice(-2000)}`);

  async function matched(pattern: RegExp): Promise<RegExpExecArray> {
    const seen = new Promise<RegExpExecArray>((resolve) => {
      const look = (): void => {
        const match = pattern.exec(printed);
        if (match === null) return;
        waiting.delete(look);
        resolve(match);
      };
      waiting.add(look);
      look();
    });
    const early = closed.then((reason) => {
      throw fault(reason ?? `ended without having printed ${String(pattern)}`);
    });
    return await Promise.race([seen, early]);
  }

  return {
    pid: child.pid ?? 0,
    async printed(pattern) {
      await matched(pattern);
    },
    matched,
    async ended() {
      const reason = await closed;
      if (reason !== undefined) throw fault(reason);
      return output;
    },
    signal(signal) {
      child.kill(signal);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
