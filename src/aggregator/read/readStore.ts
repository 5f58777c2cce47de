import type { SourceLoss } from '../store/sourceLoss.ts';
import type { StoreReader } from '../store/readResult.ts';

/** What readers need of a store. */
export interface ReadStore {
  /** A snapshot, to be closed soon. */
  openReader(): Promise<StoreReader>;
  /** Accounts of every source, or those of one probe. */
  loss(probeUid?: string): Promise<SourceLoss[]>;
}
