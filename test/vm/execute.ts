import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ExecuteOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Called with every line of standard output and standard error. */
  onLine?: (line: string) => void;
}

/**
 * Runs a program to its end and returns its standard output.
 * Rejects with the command and the end of what it printed when it fails.
 */
export function execute(
  program: string,
  args: readonly string[],
  options: ExecuteOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      print(text);
    });
    child.stderr.setEncoding('utf8').on('data', print);
    function print(text: string): void {
      printed += text;
    }

    const { onLine } = options;
    if (onLine)
      for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', onLine);

    child.on('error', (error) => {
      reject(new Error(`cannot run ${program}: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      if (code === 0) {
        resolve(output);
        return;
      }
      const end = printed.trimEnd().split('\n').slice(-20).join('\n');
      reject(new Error(`\`${program} ${args.join(' ')}\` ended with ${signal ?? String(code)}:\n${end}`));
    });
  });
}
