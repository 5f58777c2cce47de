import type { Cluster } from './cluster.ts';

/** A static shell and what it calls, loaded onto the nodes. */
export const busybox = 'localhost/busybox:1';

/** Pods that do something that can be traced, in a namespace of their own. */
export class Pods implements AsyncDisposable {
  readonly namespace: string;
  readonly #cluster: Cluster;

  private constructor(cluster: Cluster, namespace: string) {
    this.#cluster = cluster;
    this.namespace = namespace;
  }

  static async in(cluster: Cluster, namespace: string): Promise<Pods> {
    await cluster.kubectl('create', 'namespace', namespace);
    return new Pods(cluster, namespace);
  }

  /** A pod that runs a shell script to its end, whose failures are of no interest. */
  async run(name: string, script: string): Promise<void> {
    await this.#create(name, `${script}; true`);
    await this.#succeeded(name);
  }

  /** A pod that opens FOLDER/0, FOLDER/1 and so on, from now until it is stopped; how many it has opened then. */
  async startOpens(name: string, folder: string): Promise<{ stop(): Promise<number> }> {
    const loop = `i=0; while [ ! -e /tmp/stop ]; do cat ${folder}/$i 2>/dev/null; i=$((i+1)); sleep 0.01; done; echo $i`;
    await this.#create(name, loop);
    await this.#kubectl('wait', `pod/${name}`, '--for=condition=Ready', '--timeout=120s');
    return {
      stop: async () => {
        await this.#kubectl('exec', name, '--', 'touch', '/tmp/stop');
        await this.#succeeded(name);
        return Number(await this.#kubectl('logs', name));
      },
    };
  }

  /** A Deployment of one pod that runs a script; the name of that pod, which runs. */
  async deploy(name: string, script: string): Promise<string> {
    await this.#kubectl('create', 'deployment', name, `--image=${busybox}`, '--', 'sh', '-c', script);
    await this.#kubectl('rollout', 'status', `deployment/${name}`, '--timeout=120s');
    return this.#kubectl('get', 'pods', '-l', `app=${name}`, '-o', 'jsonpath={.items[0].metadata.name}');
  }

  /** Node of a pod. */
  node(name: string): Promise<string> {
    return this.#kubectl('get', 'pod', name, '-o', 'jsonpath={.spec.nodeName}');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.kubectl('delete', 'namespace', this.namespace, '--wait=false');
  }

  async #create(name: string, script: string): Promise<void> {
    const run = ['run', name, `--image=${busybox}`, '--restart=Never', '--image-pull-policy=Never'];
    await this.#kubectl(...run, '--command', '--', 'sh', '-c', script);
  }

  async #succeeded(name: string): Promise<void> {
    await this.#kubectl('wait', `pod/${name}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=120s');
  }

  #kubectl(...args: string[]): Promise<string> {
    return this.#cluster.kubectl('-n', this.namespace, ...args);
  }
}
