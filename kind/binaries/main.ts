// Prints where the programs of a node are, as assignments for a shell: built first where they are not there yet.
import { helmBinary } from '../../cluster/binaries/helmBinary.ts';
import { kubernetesBinaries } from '../../cluster/binaries/kubernetesBinaries.ts';
import { nodeBinaries } from './nodeBinaries.ts';

const { etcd, kubeApiserver, kubectl } = await kubernetesBinaries(console.error);
const { controllerManager, kubelet, scheduler } = await nodeBinaries(console.error);
const variables = {
  ETCD: etcd,
  KUBE_APISERVER: kubeApiserver,
  KUBE_CONTROLLER_MANAGER: controllerManager,
  KUBE_SCHEDULER: scheduler,
  KUBELET: kubelet,
  KUBECTL: kubectl,
  HELM: await helmBinary(console.error),
};
for (const [name, path] of Object.entries(variables)) {
  console.log(`export ${name}='${path.replaceAll("'", String.raw`'\''`)}'`);
}
