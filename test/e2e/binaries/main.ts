// main.ts NAME…: prints where programs (and files of kind) are, as assignments for a shell: built first where they are not there yet.
import { helmBinary } from '../../cluster/binaries/helmBinary.ts';
import { kubernetesBinaries } from '../../cluster/binaries/kubernetesBinaries.ts';
import { coreDnsBinary, kindBaseFiles, kindBinary } from './kindBinaries.ts';
import { nodeBinaries } from './nodeBinaries.ts';

const say = console.error;
const programs: Readonly<Record<string, () => Promise<string>>> = {
  ETCD: async () => (await kubernetesBinaries(say)).etcd,
  KUBE_APISERVER: async () => (await kubernetesBinaries(say)).kubeApiserver,
  KUBECTL: async () => (await kubernetesBinaries(say)).kubectl,
  KUBE_CONTROLLER_MANAGER: async () => (await nodeBinaries(say)).controllerManager,
  KUBE_SCHEDULER: async () => (await nodeBinaries(say)).scheduler,
  KUBE_PROXY: async () => (await nodeBinaries(say)).kubeProxy,
  KUBEADM: async () => (await nodeBinaries(say)).kubeadm,
  KUBELET: async () => (await nodeBinaries(say)).kubelet,
  COREDNS: () => coreDnsBinary(say),
  HELM: () => helmBinary(say),
  KIND: () => kindBinary(say),
  KIND_BASE: () => kindBaseFiles(say),
};

for (const name of process.argv.slice(2)) {
  const path = await programs[name]?.();
  if (path === undefined)
    throw new Error(`no program is called ${name}: ${Object.keys(programs).join(', ')}`);
  console.log(`export ${name}='${path.replaceAll("'", String.raw`'\''`)}'`);
}
