import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface KubectlResult {
  stdout: string;
  stderr: string;
  code: number;
}

export interface KubectlOptions {
  /** Standard input. */
  input?: string;
  /** Whose kubeconfig file; left out: the administrator's. */
  kubeconfigFile?: string;
}

/** Runs kubectl to its end, whatever its status; rejects only when it cannot be run. */
export async function runKubectl(
  program: string,
  args: readonly string[],
  options: KubectlOptions & { kubeconfigFile: string; home: string },
): Promise<KubectlResult> {
  const child = spawn(program, args, {
    // Its discovery cache lies in the home directory.
    env: { PATH: process.env['PATH'], HOME: options.home, KUBECONFIG: options.kubeconfigFile },
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
