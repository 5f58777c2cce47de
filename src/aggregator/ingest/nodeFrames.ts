import { decodeHead } from '../../codec/decodeBatch.ts';
import type { Frame } from '../../rpc/gen/traceprobe/v1/ingest_pb.ts';
import type { AgentIdentity } from '../../rpc/identity.ts';
import type { LiveFeed, LivePoint } from '../live.ts';
import type { StoredBatch } from '../store/frame.ts';
import type { Store } from '../store/store.ts';
import { toStoreFrame } from './toStoreFrame.ts';

/** Takes one node's frames to the store, and shows those who watch what has been committed. */
export class NodeFrames {
  readonly #store: Store;
  readonly #live: LiveFeed;
  readonly #stream: number;
  readonly #points = new Map<string, LivePoint>();

  /** @param stream number of the stream that the frames come on: the store keeps the points that it described */
  constructor(store: Store, live: LiveFeed, stream: number) {
    this.#store = store;
    this.#live = live;
    this.#stream = stream;
  }

  /**
   * Settled when the frame is committed.
   *
   * @throws FrameError, StoreError: see Store.add()
   */
  async add(frame: Frame, node: Pick<AgentIdentity, 'nodeUid' | 'nodeName'>): Promise<StoredBatch[]> {
    const stored = await this.#store.add(toStoreFrame(frame, node, this.#stream));
    this.#publish(frame, node.nodeName, stored);
    return stored;
  }

  /** Nothing more comes. */
  async close(): Promise<void> {
    await this.#store.closeStream(this.#stream);
  }

  #publish(frame: Frame, nodeName: string, stored: readonly StoredBatch[]): void {
    for (const schema of frame.schemas) {
      this.#points.set(`${schema.probeUid}/${schema.generation}/${schema.point}`, schema);
    }
    if (![...this.#points.values()].some(({ probeName }) => this.#live.wants(probeName))) return;
    for (const [index, { rows, firstRow, stored: count }] of stored.entries()) {
      const bytes = frame.batches[index];
      if (count === 0 || bytes === undefined) continue;
      const { probeUid, generation, schema } = decodeHead(bytes);
      const point = this.#points.get(`${probeUid}/${generation}/${schema}`);
      // A copy: the batch is a view of the whole message, which a slow reader would keep.
      if (point) this.#live.publish({ nodeName, point, rows, firstRow, bytes: bytes.slice() });
    }
  }
}
