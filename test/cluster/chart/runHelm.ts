import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { helmBinary } from '../binaries/helmBinary.ts';

export interface HelmResult {
  stdout: string;
  stderr: string;
  code: number;
}

export interface HelmOptions {
  /** Whose kubeconfig file; left out: no cluster is reached. */
  kubeconfigFile?: string;
  /** Standard input, such as values for `--values=-`. */
  input?: string;
}

/** The chart's folder. */
export const chartDirectory = new URL('../../../helm/traceprobe', import.meta.url).pathname;

/** Runs helm to its end, whatever its status; nothing of this user's own Helm is read. */
export async function runHelm(args: readonly string[], options: HelmOptions = {}): Promise<HelmResult> {
  const program = await helmBinary((line) => {
    console.error(line);
  });
  const child = spawn(program, args, {
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      KUBECONFIG: options.kubeconfigFile ?? '/nonexistent/kubeconfig',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const code = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      resolve(status ?? -1);
    });
  });
  child.stdin.on('error', () => undefined); // it may end without reading all
  child.stdin.end(options.input ?? '');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), code]);
  return { stdout, stderr, code: await code };
}
