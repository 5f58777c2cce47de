import { create } from '@bufbuild/protobuf';
import {
  DesiredStateSchema,
  type DesiredProbe,
  type DesiredState,
} from '../rpc/gen/traceprobe/v1/agent_pb.ts';
import type { DesiredSource } from './desiredSource.ts';

/** More changed pods than this are told as a whole new state. */
const maxChanges = 10_000;

/**
 * What one node has been told, and what about it has changed since. Only the names of what changed are kept: a reader
 * that is slow gets the latest of each in its next message, however many changes there were.
 */
export class NodeFeed {
  readonly #node: string;
  readonly #source: DesiredSource;
  /** What was told of each probe, as text. */
  readonly #told = new Map<string, string>();
  readonly #toldPods = new Set<string>();
  readonly #probes = new Set<string>();
  readonly #pods = new Set<string>();
  #everything = true;
  #revision = 0n;

  constructor(node: string, source: DesiredSource) {
    this.#node = node;
    this.#source = source;
  }

  probeChanged(uid: string): void {
    this.#probes.add(uid);
  }

  /** Every probe may have: the node's labels, or a switch. */
  probesChanged(): void {
    for (const uid of this.#source.probeUids()) this.#probes.add(uid);
    for (const uid of this.#told.keys()) this.#probes.add(uid);
  }

  podChanged(uid: string): void {
    this.#pods.add(uid);
    if (this.#pods.size <= maxChanges) return;
    this.#everything = true;
    this.#pods.clear();
  }

  /** The next message; undefined: nothing that the node is to know has changed. */
  next(): DesiredState | undefined {
    const state = this.#everything ? this.#whole() : this.#changes();
    this.#everything = false;
    this.#probes.clear();
    this.#pods.clear();
    if (state === undefined) return undefined;
    this.#revision = state.revision;
    state.unixMs = BigInt(Math.floor(this.#source.unixMs()));
    return state;
  }

  #whole(): DesiredState {
    this.#told.clear();
    this.#toldPods.clear();
    const { aggregator } = this.#source;
    const state = create(DesiredStateSchema, { revision: this.#revision + 1n, complete: true, aggregator });
    for (const uid of this.#source.probeUids()) this.#addProbe(state, uid);
    for (const pod of this.#source.pods(this.#node)) {
      state.pods.push(pod);
      this.#toldPods.add(pod.uid);
    }
    return state;
  }

  #changes(): DesiredState | undefined {
    const state = create(DesiredStateSchema, { revision: this.#revision + 1n });
    for (const uid of this.#probes) this.#addProbe(state, uid);
    for (const uid of this.#pods) {
      const pod = this.#source.pod(this.#node, uid);
      if (pod) {
        state.pods.push(pod);
        this.#toldPods.add(uid);
      } else if (this.#toldPods.delete(uid)) state.removedPodUids.push(uid);
    }
    const { probes, removedProbeUids, pods, removedPodUids } = state;
    return [probes, removedProbeUids, pods, removedPodUids].some((list) => list.length > 0)
      ? state
      : undefined;
  }

  #addProbe(state: DesiredState, uid: string): void {
    const desired = this.#source.probe(this.#node, uid);
    if (desired === undefined) {
      if (this.#told.delete(uid)) state.removedProbeUids.push(uid);
      return;
    }
    if (desired === 'Held') {
      // What it has, it keeps by itself, unless this message is all that there is.
      if (state.complete) state.heldProbeUids.push(uid);
      if (!this.#told.has(uid)) this.#told.set(uid, 'Held');
      return;
    }
    const text = textOf(desired);
    if (this.#told.get(uid) === text) return;
    this.#told.set(uid, text);
    state.probes.push(desired);
  }
}

/** What tells two desires of one probe apart; the spec belongs to the generation. */
function textOf({ generation, stopped }: DesiredProbe): string {
  return `${generation}${stopped ? ' stopped' : ''}`;
}
