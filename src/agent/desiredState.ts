import { create } from '@bufbuild/protobuf';
import {
  DesiredStateSchema,
  type DesiredProbe,
  type DesiredState,
  type NodePod,
} from '../rpc/gen/traceprobe/v1/agent_pb.ts';

/** Everything that the controller wants of this node: its messages put together. */
export class Desired {
  readonly probes = new Map<string, DesiredProbe>();
  readonly pods = new Map<string, NodePod>();
  aggregator = '';
  revision = 0n;

  /** Takes a message: a complete one replaces everything but the probes that are to be held as they
   * are (their new generation is rolled out elsewhere first), another one says what changed. */
  merge(state: DesiredState): void {
    if (state.complete) {
      const held = new Set(state.heldProbeUids);
      for (const uid of this.probes.keys()) if (!held.has(uid)) this.probes.delete(uid);
      this.pods.clear();
    }
    for (const probe of state.probes) this.probes.set(probe.uid, probe);
    for (const uid of state.removedProbeUids) this.probes.delete(uid);
    for (const pod of state.pods) this.pods.set(pod.uid, pod);
    for (const uid of state.removedPodUids) this.pods.delete(uid);
    if (state.complete || state.aggregator !== '') this.aggregator = state.aggregator;
    this.revision = state.revision;
  }

  /** As one complete message. */
  toMessage(): DesiredState {
    const { revision, aggregator } = this;
    return create(DesiredStateSchema, {
      ...{ revision, aggregator, complete: true },
      ...{ probes: [...this.probes.values()], pods: [...this.pods.values()] },
    });
  }
}
