import { labelSelectorMatches } from '../api/index.ts';

/** What a plan asks of a node of the API server. */
export interface NodeRecord {
  name: string;
  uid: string;
  labels: Readonly<Record<string, string>>;
  /** uname -r, as the kubelet told; '' before it has. */
  kernelRelease: string;
}

/** A node with this label (of any value but "false") runs no probe. */
export const disabledLabel = 'traceprobe.io/disabled';

export function isDisabled({ labels }: NodeRecord): boolean {
  const value = Object.hasOwn(labels, disabledLabel) ? labels[disabledLabel] : undefined;
  return value !== undefined && value !== 'false';
}

/** Nodes that agents run on, by their labels: those that the DaemonSet's nodeSelector has; agents are Linux programs. */
export type AgentNodeSelector = Readonly<Record<string, string>>;

/** Whether there ever is an agent on a node: where not, none is missing. */
export function mayHaveAgent(labels: NodeRecord['labels'], selector: AgentNodeSelector): boolean {
  // Every kubelet sets it.
  if ((labels['kubernetes.io/os'] ?? 'linux') !== 'linux') return false;
  return labelSelectorMatches({ matchLabels: selector }, labels);
}
