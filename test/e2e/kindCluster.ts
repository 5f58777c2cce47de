import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { helmBinary } from '../cluster/binaries/helmBinary.ts';
import { kubernetesBinaries } from '../cluster/binaries/kubernetesBinaries.ts';
import { execute } from '../vm/execute.ts';
import { AttachedScript } from './attachedScript.ts';
import { Cluster } from './cluster.ts';

const folder = fileURLToPath(new URL('../../kind', import.meta.url));
const clusterName = 'traceprobe-e2e';
const variable = 'TRACEPROBE_E2E';

interface Facts {
  /** Folder with a kubeconfig, and programs in bin/. */
  directory: string;
  /** Left empty: docker's default. */
  dockerHost: string;
}

/** Two nodes with TraceProbe on them, as kind/up.sh makes them. */
export class KindCluster extends Cluster {
  static readonly nodes = [`${clusterName}-control-plane`, `${clusterName}-worker`] as const;
  readonly #facts: Facts;

  private constructor(facts: Facts) {
    super();
    this.#facts = facts;
  }

  /** Begins the cluster that `running()` gives from then on; what it returns ends it. */
  static async start(): Promise<AsyncDisposable> {
    const directory = await mkdtemp(join(tmpdir(), 'traceprobe-e2e-'));
    const { kubectl } = await kubernetesBinaries(console.error);
    const helm = await helmBinary(console.error);
    await mkdir(join(directory, 'bin'));
    for (const [name, path] of Object.entries({ kubectl, helm })) {
      await symlink(path, join(directory, 'bin', name));
    }
    // The images that a node on this machine itself has: here its busybox is loaded.
    await execute(join(folder, 'host-node/images.sh'), [join(directory, 'images')]);
    const env = { KIND_CLUSTER: clusterName, KUBECONFIG: join(directory, 'kubeconfig'), HELM: helm };
    // What was left by a run that was killed.
    await execute(join(folder, 'down.sh'), [], { env });
    const images = [join(directory, 'images/busybox.tar')];
    const script = await AttachedScript.start(join(folder, 'up.sh'), images, env);
    process.env[variable] = JSON.stringify({ directory, dockerHost: script.facts } satisfies Facts);
    return {
      async [Symbol.asyncDispose]() {
        await script[Symbol.asyncDispose]();
        await rm(directory, { recursive: true });
      },
    };
  }

  static get isRunning(): boolean {
    return process.env[variable] !== undefined;
  }

  static running(): KindCluster {
    return new KindCluster(JSON.parse(process.env[variable] ?? '') as Facts);
  }

  /** Folder for what a test writes, such as kubeconfigs of others. */
  get directory(): string {
    return this.#facts.directory;
  }

  protected override enter(command: readonly string[]): {
    command: readonly string[];
    env: Record<string, string>;
  } {
    const { directory, dockerHost } = this.#facts;
    const path = [join(directory, 'bin'), dirname(process.execPath), process.env['PATH']].join(':');
    const env = { PATH: path, KUBECONFIG: join(directory, 'kubeconfig') };
    return { command, env: dockerHost === '' ? env : { ...env, DOCKER_HOST: dockerHost } };
  }

  /** A command in a node's container, outside of any pod. */
  onNode(node: string, ...command: string[]): Promise<string> {
    return this.output(['docker', 'exec', node, ...command]);
  }
}
