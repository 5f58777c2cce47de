import type { TraceProbeScope } from '../../api/index.ts';
import type { CapturedWorkload } from '../../capture/capture.ts';
import type { NodePod } from '../../rpc/gen/traceprobe/v1/agent_pb.ts';
import type { AgentLog } from '../agentLog.ts';
import type { ProbeScope } from '../host.ts';
import { CgroupTree } from './cgroupTree.ts';
import { isScoped, selectsHost } from './selects.ts';
import { WorkloadTable } from './workloadTable.ts';

export interface NodeWorkloadsOptions {
  /** Of the hierarchy by which pods are known; undefined: none is mounted. */
  root: string | undefined;
  tell: (set: CapturedWorkload[], removed: bigint[]) => void;
  log: AgentLog;
}

/** How often what is left open is looked at. */
const openMilliseconds = 500;
/** Ids of other nodes that are remembered. */
const mostForeign = 8192;

/** Keeps the kernel and the draining thread told of whose cgroups are and which probes are for them. */
export class NodeWorkloads {
  readonly #options: NodeWorkloadsOptions;
  readonly #tree: CgroupTree | undefined;
  readonly #table = new WorkloadTable();
  readonly #foreign = new Set<bigint>();
  readonly #timer: NodeJS.Timeout;
  #pods: readonly NodePod[] = [];

  constructor(options: NodeWorkloadsOptions) {
    this.#options = options;
    this.#tree = this.#openTree();
    this.#timer = setInterval(() => {
      if (this.#table.waits) this.#tell();
    }, openMilliseconds).unref();
  }

  /** How a probe is to be applied; undefined: to everything. */
  scopeOf(scope: TraceProbeScope | undefined): ProbeScope | undefined {
    const partial = this.#tree?.partial === true;
    if (!partial && !isScoped(scope)) return undefined;
    return {
      // Where nodes share a kernel, an interrupt is no node's.
      host: selectsHost(scope) && !partial,
      place: (gate) => {
        this.#table.place(gate, scope);
        this.#tell();
      },
      release: (gate) => {
        this.#table.free(gate);
        this.#tell();
      },
    };
  }

  /** These are the pods of this node. */
  update(pods: Iterable<NodePod>): void {
    this.#pods = [...pods];
    this.#tell();
  }

  /** Events of these cgroups wait to be told whose they are. */
  unknown(cgroups: readonly bigint[]): void {
    const tree = this.#tree;
    if (tree === undefined) return;
    if (cgroups.some((id) => !tree.paths.has(id))) tree.scan();
    if (tree.partial) {
      for (const id of cgroups) if (!tree.paths.has(id)) this.#foreign.add(id);
      for (const id of this.#foreign) {
        if (this.#foreign.size <= mostForeign) break;
        this.#foreign.delete(id);
      }
    }
    this.#tell();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#tree?.close();
  }

  #tell(): void {
    if (this.#tree === undefined) return;
    const { set, removed } = this.#table.changes(this.#tree.paths, this.#pods, this.#foreign);
    if (set.length > 0 || removed.length > 0) this.#options.tell(set, removed);
  }

  #openTree(): CgroupTree | undefined {
    const { root, log } = this.#options;
    if (root === undefined) {
      log('warn', 'no cgroups are mounted: events are not attributed to pods');
      return undefined;
    }
    try {
      return new CgroupTree({
        ...{ root, log },
        onChange: () => {
          this.#tell();
        },
      });
    } catch (error) {
      log('warn', 'cgroups cannot be read: events are not attributed to pods', {
        root,
        error: (error as Error).message,
      });
      return undefined;
    }
  }
}
