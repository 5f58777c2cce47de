import type { TraceProbeScope } from '../../api/index.ts';
import type { CapturedWorkload } from '../../capture/capture.ts';
import type { NodePod } from '../../rpc/gen/traceprobe/v1/agent_pb.ts';
import { cgroupWorkload } from './cgroupWorkload.ts';
import { selectsContainer, selectsHost } from './selects.ts';

export interface WorkloadChanges {
  set: CapturedWorkload[];
  removed: bigint[];
}

/**
 * Whose each cgroup is, and which probes select it: from the tree of cgroups, the pods that the controller told of and
 * the scopes of the probes that run. A cgroup of a pod or container that nobody has told of yet is left open.
 */
export class WorkloadTable {
  readonly #told = new Map<bigint, { text: string }>();
  /** Scopes of the probes that have one, by gate. */
  readonly #scopes = new Map<number, TraceProbeScope | undefined>();
  /** Cgroups of containers that nobody has told of, in known pods, and since when (ms from anywhere). */
  readonly #open = new Map<bigint, number>();
  readonly #now: () => number;

  constructor(now = (): number => performance.now()) {
    this.#now = now;
  }

  /** Something is left open: ask for changes again. */
  get waits(): boolean {
    const since = this.#now() - waitMilliseconds;
    return [...this.#open].some(([cgroup, from]) => from > since || !this.#told.has(cgroup));
  }

  /** A probe that is for some workloads only has this gate. */
  place(gate: number, scope: TraceProbeScope | undefined): void {
    this.#scopes.set(gate, scope);
  }

  /** The gate is for everything, or nobody's. */
  free(gate: number): void {
    this.#scopes.delete(gate);
  }

  /**
   * What has changed since the call before.
   * @param foreign ids that belong to another node of this kernel: no probe is for them
   */
  changes(
    paths: ReadonlyMap<bigint, string>,
    pods: Iterable<NodePod>,
    foreign: ReadonlySet<bigint> = new Set(),
  ): WorkloadChanges {
    const byId = new Map<string, NodePod>();
    for (const pod of pods) {
      byId.set(pod.uid, pod);
      if (pod.configHash !== '') byId.set(pod.configHash, pod);
    }
    const set: CapturedWorkload[] = [];
    const seen = new Set<bigint>();
    const tell = (workload: CapturedWorkload): void => {
      seen.add(workload.cgroup);
      const { namespace, pod, podUid, container, gates } = workload;
      const text = JSON.stringify([namespace, pod, podUid, container, gates]);
      if (this.#told.get(workload.cgroup)?.text === text) return;
      this.#told.set(workload.cgroup, { text });
      set.push(workload);
    };
    for (const [cgroup, path] of paths) {
      const workload = this.#workload(cgroup, path, byId);
      if (workload !== undefined) tell(workload);
      // What was known once stays known until its cgroup has gone: a pod is forgotten before its last event.
      else if (this.#told.has(cgroup)) seen.add(cgroup);
    }
    for (const cgroup of foreign) if (!paths.has(cgroup)) tell({ ...nobody, cgroup, gates: [] });
    const removed = [...this.#told.keys()].filter((cgroup) => !seen.has(cgroup));
    for (const cgroup of removed) this.#told.delete(cgroup);
    for (const cgroup of this.#open.keys()) if (!paths.has(cgroup)) this.#open.delete(cgroup);
    return { set, removed };
  }

  #workload(cgroup: bigint, path: string, pods: ReadonlyMap<string, NodePod>): CapturedWorkload | undefined {
    const owner = cgroupWorkload(path);
    if (owner?.pod === undefined) {
      return { ...nobody, cgroup, gates: this.#gates((scope) => selectsHost(scope)) };
    }
    const pod = pods.get(owner.pod);
    if (pod === undefined) return undefined;
    const container = pod.containers.find(({ id }) => id !== '' && id === owner.container)?.name;
    if (owner.container !== undefined && container === undefined) {
      if (this.#waitsFor(cgroup)) return undefined;
    } else {
      this.#open.delete(cgroup);
    }
    return {
      ...{ cgroup, namespace: pod.namespace, pod: pod.name, podUid: pod.uid, container: container ?? '' },
      gates: this.#gates((scope) => selectsContainer(scope, pod, container)),
    };
  }

  /**
   * The API server tells of a container's id up to a second after the container has begun; of the pause container it
   * never does.
   */
  #waitsFor(cgroup: bigint): boolean {
    const now = this.#now();
    const since = this.#open.get(cgroup) ?? now;
    this.#open.set(cgroup, since);
    return now - since < waitMilliseconds;
  }

  #gates(selects: (scope: TraceProbeScope | undefined) => boolean): number[] {
    return [...this.#scopes].filter(([, scope]) => selects(scope)).map(([gate]) => gate);
  }
}

const nobody = { namespace: '', pod: '', podUid: '', container: '' };
/** Less than events are held. */
const waitMilliseconds = 4000;
