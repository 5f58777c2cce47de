/** What a cgroup's path says about whose it is. */
export interface CgroupWorkload {
  /** The pod's UID, or of a static pod the hash of its configuration; undefined: the path does not say. */
  pod: string | undefined;
  /** 64 hexadecimal digits; undefined: the pod's own cgroup, or one outside of all containers. */
  container: string | undefined;
}

const containerId = /^[0-9a-f]{64}$/;
/** As runtimes name scopes below systemd: cri-containerd-ID.scope, crio-ID.scope, docker-ID.scope, libpod-ID.scope. */
const scope = /^(?:[a-z][a-z-]*-)?([0-9a-f]{64})\.scope$/;
/** CRI-O's helpers have the container's id in their name, and are not it. */
const helper = /^(?:crio-conmon-|libpod-conmon-|conmon-)/;
/** A UID, in systemd's slices with _ for -, or the 32 digits of a static pod's hash. */
const podUid = '[0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32}';
const podDirectory = new RegExp(`^pod(${podUid})$`);
const podSlice = new RegExp(`^kube(?:let-kube)?pods(?:-[a-z]+)?-pod(${podUid})\\.slice$`);
/** The kubelet's root of all pods; kind and others put it below one of their own (kubelet-kubepods.slice). */
const root = /^(?:[a-z0-9-]+-)?kubepods(?:\.slice)?$/;
const anyPodSlice = new RegExp(`^(?:[a-z0-9]+-)*kubepods(?:-[a-z]+)?-pod(${podUid})\\.slice$`);

/**
 * Whose a cgroup is, by its path from the root of its hierarchy: of cgroup v1, v2 and hybrid, of the kubelet's cgroupfs
 * and systemd drivers, of containerd, CRI-O and Docker. What a container makes below its own cgroup is the container's.
 *
 * @returns undefined: of nothing that is below the kubelet's pods, whatever it is called
 */
export function cgroupWorkload(path: string): CgroupWorkload | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  // kind's nodes are containers themselves: what counts is below the last kubelet's root.
  const from = parts.findLastIndex((part) => root.test(part));
  if (from < 0) return undefined;
  let pod: string | undefined;
  for (const part of parts.slice(from + 1)) {
    const uid = (podDirectory.exec(part) ?? podSlice.exec(part) ?? anyPodSlice.exec(part))?.[1];
    if (uid !== undefined) {
      pod = uid.replaceAll('_', '-');
      continue;
    }
    if (helper.test(part)) return { pod, container: undefined };
    const container = containerId.test(part) ? part : scope.exec(part)?.[1];
    // The outermost one: what a container runs inside itself (Docker in Docker) is its own.
    if (container !== undefined) return { pod, container };
  }
  return { pod, container: undefined };
}
