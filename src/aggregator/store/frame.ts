import type { SourceAccount } from './sources.ts';
import type { DescribedColumn } from './layout.ts';

/** What a point's batches have, from a PointSchema. */
export interface PointDescription {
  probeUid: string;
  probeName: string;
  generation: bigint;
  point: number;
  pointName: string;
  columns: readonly DescribedColumn[];
  /** 0: the store's own. */
  maxAgeMs: number;
  /** 0: none of its own. */
  maxBytes: number;
}

/** An account, and whose. */
export interface FrameAccount {
  epoch: string;
  probeUid: string;
  account: SourceAccount;
}

/** One flush of one node, as IngestService.Ship takes it. Plain data: it crosses to the store's thread. */
export interface StoreFrame {
  /** Identifies the connection that described the points; see StoreEngine.closeStream(). */
  stream: number;
  nodeUid: string;
  node: string;
  /** Hexadecimal; of every batch. */
  epoch: string;
  /** Within the epoch; 0n: not numbered. */
  number: bigint;
  schemas: readonly PointDescription[];
  accounts: readonly FrameAccount[];
  /** EventBatch each. */
  batches: readonly Uint8Array[];
}

/** What was stored of a batch. */
export interface StoredBatch {
  rows: number;
  /** Rows at its beginning that had been stored before. */
  firstRow: number;
  /** Rows that are new. */
  stored: number;
}

/** A frame of which nothing was stored, because of what is in it; the message says where. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}
