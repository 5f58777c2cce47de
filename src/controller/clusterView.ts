import { create } from '@bufbuild/protobuf';
import {
  DesiredProbeSchema,
  NodePodSchema,
  type DesiredProbe,
  type NodePod,
} from '../rpc/gen/traceprobe/v1/agent_pb.ts';
import type { TrimmedPod } from '../kubernetes/trimPod.ts';
import type { DesiredSource } from './desiredSource.ts';
import { isDisabled, type NodeRecord } from './nodeRecord.ts';
import { desireOf, selects, stopReason, type PlanContext } from './desireOf.ts';
import type { ProbeRecord } from './probeRecord.ts';
import { notBegun, type Rollout } from './rollout.ts';

/** A probe and how far it has got. */
export interface ProbeEntry {
  record: ProbeRecord;
  rollout: Rollout;
}

export interface ClusterViewOptions {
  /** host:port of the aggregator's IngestService. */
  aggregator: string;
  /** ms since 1970, by the API server's clock. */
  now: () => number;
}

/** What the API server has, as far as plans are made of it. */
export class ClusterView implements DesiredSource {
  readonly aggregator: string;
  readonly #now: () => number;
  /** By UID. */
  readonly probes = new Map<string, ProbeEntry>();
  /** By name. */
  readonly nodes = new Map<string, NodeRecord>();
  /** Labels by name. */
  readonly namespaces = new Map<string, Readonly<Record<string, string>>>();
  /** By node, then by UID. */
  readonly #pods = new Map<string, Map<string, TrimmedPod>>();
  /** `traceprobe suspend --all` */
  suspended = false;

  constructor({ aggregator, now }: ClusterViewOptions) {
    this.aggregator = aggregator;
    this.#now = now;
  }

  get context(): PlanContext {
    return { now: this.#now(), suspended: this.suspended };
  }

  unixMs(): number {
    return this.#now();
  }

  putPod(pod: TrimmedPod): void {
    const ofNode = this.#pods.get(pod.nodeName);
    if (ofNode) ofNode.set(pod.uid, pod);
    else this.#pods.set(pod.nodeName, new Map([[pod.uid, pod]]));
  }

  removePod({ nodeName, uid }: TrimmedPod): void {
    const ofNode = this.#pods.get(nodeName);
    ofNode?.delete(uid);
    if (ofNode?.size === 0) this.#pods.delete(nodeName);
  }

  /** Pods of a namespace on any node. */
  *podsIn(namespace: string): Generator<TrimmedPod> {
    for (const ofNode of this.#pods.values()) {
      for (const pod of ofNode.values()) if (pod.namespace === namespace) yield pod;
    }
  }

  /** The nodes that a probe selects and that are not switched off. */
  nodesOf(record: ProbeRecord): NodeRecord[] {
    return [...this.nodes.values()].filter((node) => !isDisabled(node) && selects(record, node));
  }

  probeUids(): Iterable<string> {
    return this.probes.keys();
  }

  probe(nodeName: string, uid: string): DesiredProbe | 'Held' | undefined {
    const node = this.nodes.get(nodeName);
    const entry = this.probes.get(uid);
    if (node === undefined || entry === undefined) return undefined;
    const { record, rollout } = entry;
    const desire = desireOf(record, node, rollout, this.context);
    if (desire === undefined) return undefined;
    if (desire === 'Hold') return 'Held';
    const { name, generation, spec, requiredFeatures, expiresAt = 0 } = record;
    return create(DesiredProbeSchema, {
      ...{ uid, name, generation: BigInt(generation), spec },
      ...{ requiredFeatures: [...requiredFeatures], stopped: desire === 'Stop' },
      expiresUnixMs: BigInt(Math.max(0, Math.floor(expiresAt))),
    });
  }

  *pods(node: string): Generator<NodePod> {
    for (const pod of this.#pods.get(node)?.values() ?? []) yield this.#message(pod);
  }

  pod(node: string, uid: string): NodePod | undefined {
    const pod = this.#pods.get(node)?.get(uid);
    return pod && this.#message(pod);
  }

  #message({ uid, namespace, name, labels, containers, configHash }: TrimmedPod): NodePod {
    const namespaceLabels = { ...this.namespaces.get(namespace) };
    return create(NodePodSchema, {
      ...{ uid, namespace, name, labels: { ...labels }, namespaceLabels, configHash },
      containers: containers.map(({ name: container, id }) => ({ name: container, id })),
    });
  }

  /** Of a probe, with the rollout not begun when it is new. */
  putProbe(record: ProbeRecord): ProbeEntry {
    const entry = { record, rollout: this.probes.get(record.uid)?.rollout ?? notBegun };
    this.probes.set(record.uid, entry);
    return entry;
  }

  stopReason(record: ProbeRecord): ReturnType<typeof stopReason> {
    return stopReason(record, this.context);
  }
}
