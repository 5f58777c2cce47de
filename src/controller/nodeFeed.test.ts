import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { DesiredProbeSchema, NodePodSchema, type DesiredState } from '../rpc/gen/traceprobe/v1/agent_pb.ts';
import type { DesiredSource } from './desiredSource.ts';
import { NodeFeed } from './nodeFeed.ts';

type Told = Parameters<typeof create<typeof DesiredProbeSchema>>[1] | 'Held';

/** What there is to tell, which tests change at will. */
class Source implements DesiredSource {
  aggregator = 'aggregator:1';
  now = 1000.5;
  readonly wanted = new Map<string, Told>();
  readonly podNames = new Map<string, string>();

  probeUids(): Iterable<string> {
    return this.wanted.keys();
  }

  probe(_: string, uid: string): ReturnType<DesiredSource['probe']> {
    const told = this.wanted.get(uid);
    return told === undefined || told === 'Held' ? told : create(DesiredProbeSchema, { uid, ...told });
  }

  unixMs(): number {
    return this.now;
  }

  *pods(): ReturnType<DesiredSource['pods']> {
    for (const uid of this.podNames.keys()) yield this.pod('', uid);
  }

  pod(_: string, uid: string): ReturnType<typeof create<typeof NodePodSchema>> {
    return create(NodePodSchema, { uid, name: this.podNames.get(uid) ?? '' });
  }
}

function brief(state: DesiredState | undefined): unknown {
  if (state === undefined) return undefined;
  const { complete, revision, probes, removedProbeUids, heldProbeUids, pods, removedPodUids } = state;
  return {
    ...(complete && { complete }),
    revision: Number(revision),
    probes: probes.map(({ uid, generation, stopped }) => `${uid} ${generation}${stopped ? ' stopped' : ''}`),
    ...(removedProbeUids.length > 0 && { removedProbeUids }),
    ...(heldProbeUids.length > 0 && { heldProbeUids }),
    ...(pods.length > 0 && { pods: pods.map(({ name }) => name) }),
    ...(removedPodUids.length > 0 && { removedPodUids }),
  };
}

test('the first message is everything, the following ones only what changed for the node', () => {
  const source = new Source();
  source.wanted.set('a', { generation: 1n }).set('b', 'Held');
  source.podNames.set('p', 'web');
  const feed = new NodeFeed('n', source);
  expect(brief(feed.next())).toEqual({
    ...{ complete: true, revision: 1, probes: ['a 1'], heldProbeUids: ['b'], pods: ['web'] },
  });
  feed.probeChanged('a');
  expect(feed.next()).toBeUndefined();
  source.wanted.set('a', { generation: 1n, stopped: true }).set('b', { generation: 4n });
  feed.probesChanged();
  expect(brief(feed.next())).toEqual({ revision: 2, probes: ['a 1 stopped', 'b 4'] });
});

test('changes between two messages are told once, as they are in the end', () => {
  const source = new Source();
  const feed = new NodeFeed('n', source);
  feed.next();
  for (const generation of [1n, 2n, 3n]) {
    source.wanted.set('a', { generation });
    feed.probeChanged('a');
  }
  source.wanted.set('b', { generation: 1n });
  feed.probeChanged('b');
  source.wanted.delete('b');
  feed.probeChanged('b');
  expect(brief(feed.next())).toEqual({ revision: 2, probes: ['a 3'] });
  source.wanted.delete('a');
  feed.probeChanged('a');
  expect(brief(feed.next())).toEqual({ revision: 3, probes: [], removedProbeUids: ['a'] });
});

test('a generation that is held back is no message: what runs goes on', () => {
  const source = new Source();
  source.wanted.set('a', { generation: 1n });
  const feed = new NodeFeed('n', source);
  feed.next();
  source.wanted.set('a', 'Held');
  feed.probeChanged('a');
  expect(feed.next()).toBeUndefined();
  source.wanted.set('a', { generation: 2n });
  feed.probeChanged('a');
  expect(brief(feed.next())).toEqual({ revision: 2, probes: ['a 2'] });
});

test('every message tells the time by which probes expire', () => {
  const source = new Source();
  const feed = new NodeFeed('n', source);
  expect(feed.next()?.unixMs).toBe(1000n);
  source.wanted.set('a', { generation: 1n, expiresUnixMs: 5000n });
  source.now = 2000;
  feed.probeChanged('a');
  const state = feed.next();
  expect(state?.unixMs).toBe(2000n);
  expect(state?.probes[0]?.expiresUnixMs).toBe(5000n);
});
