import type { DesiredProbe, NodePod } from '../rpc/gen/traceprobe/v1/agent_pb.ts';

/** What there is to tell agents at this moment; asked when a message is made, never earlier. */
export interface DesiredSource {
  /** UIDs of all probes, whether a node is to know them or not. */
  probeUids(): Iterable<string>;
  /** What a node is to do with a probe. Held: keep what runs. Undefined: forget it. */
  probe(node: string, uid: string): DesiredProbe | 'Held' | undefined;
  /** Those bound to the node. */
  pods(node: string): Iterable<NodePod>;
  pod(node: string, uid: string): NodePod | undefined;
  /** host:port of the aggregator's IngestService. */
  aggregator: string;
  /** ms since 1970, by the API server's clock. */
  unixMs(): number;
}
