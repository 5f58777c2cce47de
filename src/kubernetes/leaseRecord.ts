import type { KubernetesObject } from '../api/kubernetesObject.ts';

/** A coordination.k8s.io/v1 Lease, as far as leader election uses it. */
export interface LeaseObject extends KubernetesObject {
  spec?: LeaseSpec;
}

export interface LeaseSpec {
  /** Empty or left out: nobody holds it. */
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  /** RFC 3339 with microseconds, by the holder's clock: for people. */
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

/** Where the holder's service is: host:port. */
export const addressAnnotation = 'traceprobe.io/address';

/** Kubernetes' MicroTime, by the wall clock. @param microseconds below its milliseconds, 0 to 999 */
export function microTime(date = new Date(), microseconds = 0): string {
  return date.toISOString().replace('Z', `${String(microseconds).padStart(3, '0')}Z`);
}
