import { toJson } from '@bufbuild/protobuf';
import { LossResponseSchema, NodesResponseSchema } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { Events } from '../read/events.ts';
import { json, type BundlePart } from './bundlePart.ts';

/** What the aggregator counts: of events their numbers, none of what is in them. */
export function eventsParts(events: () => Promise<Events>): BundlePart[] {
  return [
    {
      path: 'aggregator/nodes.json',
      read: async () => {
        const { client, credentials } = await events();
        return json(toJson(NodesResponseSchema, await client.nodes({}, await credentials())));
      },
    },
    {
      path: 'aggregator/loss.json',
      read: async () => {
        const { client, credentials } = await events();
        return json(toJson(LossResponseSchema, await client.loss({}, await credentials())));
      },
    },
  ];
}
