import { expect, test } from '@jest/globals';
import { cgroupWorkload } from './cgroupWorkload.ts';

const uid = '0b2ca6c4-4b7a-4a57-9ca8-1f3a0b2d4c5e';
const slice = uid.replaceAll('-', '_');
const hash = '2f1b7c9d0e3a4b5c6d7e8f9012345678';
const id = 'a'.repeat(63) + '1';
const other = 'b'.repeat(63) + '2';

test.each<[string, string, { pod?: string; container?: string } | undefined]>([
  ['cgroupfs driver, burstable', `/kubepods/burstable/pod${uid}/${id}`, { pod: uid, container: id }],
  ['cgroupfs driver, guaranteed', `/kubepods/pod${uid}/${id}`, { pod: uid, container: id }],
  ['cgroupfs driver, the pod itself', `/kubepods/besteffort/pod${uid}`, { pod: uid }],
  [
    'systemd driver, containerd',
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${slice}.slice/cri-containerd-${id}.scope`,
    { pod: uid, container: id },
  ],
  [
    'systemd driver, guaranteed',
    `/kubepods.slice/kubepods-pod${slice}.slice/cri-containerd-${id}.scope`,
    { pod: uid, container: id },
  ],
  [
    'systemd driver, CRI-O',
    `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${slice}.slice/crio-${id}.scope`,
    { pod: uid, container: id },
  ],
  [
    "systemd driver, CRI-O's v2 layout: the container below its scope",
    `/kubepods.slice/kubepods-pod${slice}.slice/crio-${id}.scope/container`,
    { pod: uid, container: id },
  ],
  [
    "CRI-O's monitor is of the pod, not of the container",
    `/kubepods.slice/kubepods-pod${slice}.slice/crio-conmon-${id}.scope`,
    { pod: uid },
  ],
  [
    'systemd driver, Docker',
    `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${slice}.slice/docker-${id}.scope`,
    { pod: uid, container: id },
  ],
  [
    'a static pod, by the hash of its configuration',
    `/kubepods/burstable/pod${hash}/${id}`,
    { pod: hash, container: id },
  ],
  [
    'a static pod below systemd',
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${hash}.slice/cri-containerd-${id}.scope`,
    { pod: hash, container: id },
  ],
  [
    'what a container makes below itself is its own',
    `/kubepods/pod${uid}/${id}/system.slice/sshd.service`,
    { pod: uid, container: id },
  ],
  [
    'Docker in a container: the outer container',
    `/kubepods/pod${uid}/${id}/docker/${other}`,
    { pod: uid, container: id },
  ],
  [
    "a kind node's pod, seen from the host",
    `/docker/${other}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod${slice}.slice/cri-containerd-${id}.scope`,
    { pod: uid, container: id },
  ],
  [
    "a kind node's pod below systemd on the host",
    `/system.slice/docker-${other}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${slice}.slice/cri-containerd-${id}.scope`,
    { pod: uid, container: id },
  ],
  [
    'a kind node with the cgroupfs driver',
    `/docker/${other}/kubelet/kubepods/besteffort/pod${uid}/${id}`,
    { pod: uid, container: id },
  ],
  [
    'a Kubernetes in a pod: the inner pod is what its kubelet made',
    `/kubepods/pod${uid}/${id}/kubepods/pod${hash}/${other}`,
    { pod: hash, container: other },
  ],
  ['the root of all pods', '/kubepods.slice', {}],
  ['a class of service', '/kubepods/burstable', {}],
  ['a name that is no UID', '/kubepods/podinfo/x', {}],
  ['63 digits are no container', `/kubepods/pod${uid}/${id.slice(1)}`, { pod: uid }],
  ['capitals are no container', `/kubepods/pod${uid}/${'A'.repeat(64)}`, { pod: uid }],
  ['the root', '/', undefined],
  ['a service of the host', '/system.slice/kubelet.service', undefined],
  ['a container of Docker alone', `/docker/${id}`, undefined],
  ['a user session', '/user.slice/user-0.slice/session-1.scope', undefined],
  ['hexadecimal names outside of pods', `/process_api/${'d5'.repeat(16)}`, undefined],
  ['a service that is called like it', '/system.slice/kubepods.service', undefined],
])('%s', (_, path, expected) => {
  expect(cgroupWorkload(path)).toEqual(expected && { pod: expected.pod, container: expected.container });
});
