import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

const scripts = fileURLToPath(new URL('../../kind/host-node', import.meta.url));
const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** A Kubernetes of one node on this machine, with a kubelet that runs pods; see kind/host-node. */
export class HostNode implements AsyncDisposable {
  readonly directory: string;
  readonly #process: ChildProcessByStdio<null, Readable, null>;
  readonly #ended: Promise<unknown>;

  private constructor(directory: string, images: readonly string[]) {
    this.directory = directory;
    // It goes with this process, however that ends (PR_SET_PDEATHSIG).
    const command = ['--pdeathsig', 'TERM', join(scripts, 'up.sh'), '--attached', ...images];
    this.#process = spawn('setpriv', command, {
      env: { ...process.env, HOST_NODE: directory },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#ended = once(this.#process, 'close');
  }

  /** A node that has these images (files as `docker save` writes them), ready for pods. */
  static async start(images: readonly string[]): Promise<HostNode> {
    const node = new HostNode(join(tmpdir(), `traceprobe-e2e-${randomUUID()}`), images);
    for await (const line of createInterface({ input: node.#process.stdout })) {
      if (line === 'ready') return node;
    }
    throw new Error('the host node did not start, see above');
  }

  /** A command in the node's namespaces, to its end: kubectl, helm and whatever this machine has. */
  async run(command: readonly string[], { input = '' } = {}): Promise<CommandResult> {
    const child = spawn(join(scripts, 'enter'), command, {
      env: { ...process.env, HOST_NODE: this.directory },
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

  async apply(manifest: string): Promise<void> {
    await this.output(['kubectl', 'apply', '-f', '-'], { input: manifest });
  }

  /** `traceprobe ARGS…` as who administers the cluster. */
  traceprobe(...args: string[]): Promise<CommandResult> {
    return this.run([process.execPath, cli, ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.#ended;
    if (existsSync(this.directory)) throw new Error(`the host node has left ${this.directory}`);
  }
}
