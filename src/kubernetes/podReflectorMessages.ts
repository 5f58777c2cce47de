import type { Cluster, Context, User } from '@kubernetes/client-node';
import type { Change } from './objectCache.ts';
import type { TrimmedPod } from './trimPod.ts';

/** What a worker is started with. */
export interface PodReflectorData {
  kubeConfig: { clusters: Cluster[]; users: User[]; contexts: Context[]; currentContext: string };
  userAgent: string;
  /** Narrows what is watched, such as a fieldSelector. */
  query: Record<string, string>;
  silenceMs: number | undefined;
}

/** What a worker tells. */
export type PodReflectorMessage =
  | { type: 'changes'; changes: Change<TrimmedPod>[] }
  | { type: 'synced' }
  | { type: 'restart' }
  | { type: 'relist' }
  | { type: 'error'; message: string };

/** What a worker is told: its last changes were taken, and the next may come. */
export const taken = 'taken';
