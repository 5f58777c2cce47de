import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AttachedScript } from './attachedScript.ts';
import { Cluster } from './cluster.ts';

const scripts = fileURLToPath(new URL('../../kind/host-node', import.meta.url));

/** A Kubernetes of one node directly on this machine, see kind/host-node. */
export class HostNode extends Cluster implements AsyncDisposable {
  readonly #directory: string;
  readonly #script: AttachedScript;

  private constructor(directory: string, script: AttachedScript) {
    super();
    this.#directory = directory;
    this.#script = script;
  }

  /** A node that is ready for pods. */
  static async start(): Promise<HostNode> {
    const directory = join(tmpdir(), `traceprobe-e2e-${randomUUID()}`);
    const script = await AttachedScript.start(join(scripts, 'up.sh'), [], { HOST_NODE: directory });
    return new HostNode(directory, script);
  }

  protected override enter(command: readonly string[]): {
    command: readonly string[];
    env: Record<string, string>;
  } {
    return { command: [join(scripts, 'enter'), ...command], env: { HOST_NODE: this.#directory } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#script[Symbol.asyncDispose]();
    if (existsSync(this.#directory)) throw new Error(`the host node has left ${this.#directory}`);
  }
}
