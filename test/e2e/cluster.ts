import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A Kubernetes with kubelets, from the side of who administers it. */
export abstract class Cluster {
  /** A command line that runs a command with kubectl and helm on PATH and a kubeconfig, and its environment. */
  protected abstract enter(command: readonly string[]): {
    command: readonly string[];
    env: Record<string, string>;
  };

  /** A command to its end: kubectl, helm and whatever this machine has. */
  async run(command: readonly string[], { input = '', env = {} } = {}): Promise<CommandResult> {
    const entered = this.enter(command);
    const [program = '', ...args] = entered.command;
    const child = spawn(program, args, {
      env: { ...process.env, ...entered.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const code = new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status) => {
        resolve(status ?? -1);
      });
    });
    child.stdin.on('error', () => undefined); // it may end without reading all
    child.stdin.end(input);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), code]);
    return { stdout, stderr, code: await code };
  }

  /** What a command prints; throws what it says where it fails. */
  async output(command: readonly string[], options: { input?: string } = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, options);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with status ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  kubectl(...args: string[]): Promise<string> {
    return this.output(['kubectl', ...args]);
  }

  async apply(...manifests: (string | object)[]): Promise<void> {
    const documents = manifests.map((it) => (typeof it === 'string' ? it : JSON.stringify(it)));
    await this.output(['kubectl', 'apply', '-f', '-'], { input: documents.join('\n---\n') });
  }

  /** `traceprobe ARGS…` as who administers the cluster, or as whose kubeconfig it is. */
  traceprobe(args: readonly string[], kubeconfig?: string): Promise<CommandResult> {
    const env = kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig };
    return this.run([process.execPath, cli, ...args], { env });
  }
}
