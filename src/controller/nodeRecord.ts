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
