import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';

/** Columns that the tests look at. */
export interface Event {
  time: string;
  comm: string;
  filename: string;
  node: string;
  'k8s.namespace': string | null;
  'k8s.pod': string | null;
  'k8s.container': string | null;
}

/** Where the hits of a probe went, of all nodes together. */
export interface Account {
  attempted: number;
  filtered: number;
  captured: number;
  stored: number;
  open: number;
  in_flight: number;
}

/** TraceProbes of a cluster: applied, awaited, read. */
export class Probes {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Applied, and running on the nodes with this spec. */
  async run(name: string, spec: object): Promise<void> {
    const manifest = {
      ...{ apiVersion: 'traceprobe.io/v1alpha1', kind: 'TraceProbe' },
      ...{ metadata: { name }, spec },
    };
    const { generation } = (
      JSON.parse(
        await this.#cluster.output(['kubectl', 'apply', '-o', 'json', '-f', '-'], {
          input: JSON.stringify(manifest),
        }),
      ) as { metadata: { generation: number } }
    ).metadata;
    await this.until(name, '{.status.observedGeneration}', String(generation));
    await this.untilReason(name, 'Running');
  }

  /** Opens of files below a folder, by pods. */
  async runOpens(name: string, folder: string, scope: object = { host: 'Exclude' }): Promise<void> {
    const filter = `filename.startsWith("${folder}/")`;
    const point = { name: 'openat', attach: 'syscall/openat', capture: [{ name: 'filename' }], filter };
    await this.run(name, { points: [point], scope });
  }

  /** A part of a TraceProbe, as a JSONPath, has this value. */
  async until(name: string, path: string, value: string): Promise<void> {
    const wait = ['wait', `traceprobe/${name}`, `--for=jsonpath=${path}=${value}`, '--timeout=60s'];
    try {
      await this.#cluster.kubectl(...wait);
    } catch (error) {
      const status = await this.#cluster.kubectl('get', 'traceprobe', name, '-o', 'jsonpath={.status}');
      throw new Error(`waited in vain for ${value} at ${path} of probe ${name}, whose status is ${status}`, {
        cause: error,
      });
    }
  }

  /** What its condition Ready gives as reason. */
  untilReason(name: string, reason: string): Promise<void> {
    return this.until(name, '{.status.conditions[?(@.type=="Ready")].reason}', reason);
  }

  /** All events that the aggregator has, oldest first. */
  async events(name: string, filter = 'true'): Promise<Event[]> {
    const args = ['query', name, '--filter', filter, '--limit', '100000', '-o', 'json'];
    const { stdout, stderr, code } = await this.#cluster.traceprobe(args);
    if (stderr.includes('there are no events of a probe')) return [];
    if (code !== 0) throw new Error(`query ${name}: ${stderr}`);
    return lines(stdout) as Event[];
  }

  /** Its events, as soon as there are enough of them; while the aggregator is away there are none. */
  atLeast(count: number, name: string, filter?: string): Promise<Event[]> {
    return eventually(`${count} events of ${name}`, async () => {
      const found = await this.events(name, filter);
      return found.length >= count ? found : undefined;
    });
  }

  /** The account of a probe, which is suspended for it, once every hit is filtered or stored. */
  async accountAtRest(name: string): Promise<Account> {
    await this.#cluster.traceprobe(['suspend', name]);
    await this.untilReason(name, 'Suspended');
    return eventually(`every hit of ${name} to be filtered or stored`, async () => {
      const { stdout } = await this.#cluster.traceprobe(['loss', name, '-o', 'json']);
      const total = sum(lines(stdout) as Account[]);
      // What an agent captured before it knew whose it was, and was another node's, is both captured and filtered.
      const explained = total.filtered + total.stored;
      return total.attempted === explained && total.in_flight === 0 ? total : undefined;
    });
  }

  async delete(name: string): Promise<void> {
    await this.#cluster.kubectl('delete', 'traceprobe', name);
  }
}

function lines(json: string): unknown[] {
  return json
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

function sum(accounts: readonly Account[]): Account {
  const total: Account = { attempted: 0, filtered: 0, captured: 0, stored: 0, open: 0, in_flight: 0 };
  for (const account of accounts) {
    for (const name of Object.keys(total) as (keyof Account)[]) total[name] += account[name];
  }
  return total;
}
