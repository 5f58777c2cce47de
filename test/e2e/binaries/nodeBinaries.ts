import { join } from 'node:path';
import { cachedBinaries, requiredVersion } from '../../cluster/binaries/cachedBinaries.ts';

/** Paths of what makes a control plane's node run pods, besides containerd. */
export interface NodeBinaries {
  controllerManager: string;
  kubeProxy: string;
  kubeadm: string;
  kubelet: string;
  scheduler: string;
}

const recipeDirectory = new URL('kubernetes', import.meta.url).pathname;

/**
 * The programs of a node, from the cache, built into it when they are not there yet (minutes from nothing, less where
 * the API server has been built). `say` is told what takes its time.
 */
export async function nodeBinaries(
  say: (line: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<NodeBinaries> {
  const version = await requiredVersion(recipeDirectory, 'k8s.io/kubernetes');
  const [major = '', minor = ''] = version.slice(1).split('.');
  const names = ['kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubeadm', 'kubelet'];
  const facts = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const directory = await cachedBinaries(
    'kubernetes-node',
    {
      ...{ directory: recipeDirectory, title: `Kubernetes ${version}`, version },
      variables: Object.fromEntries(
        Object.entries(facts).map(([name, value]) => [`k8s.io/component-base/version.${name}`, value]),
      ),
      packages: Object.fromEntries(names.map((name) => [name, `k8s.io/kubernetes/cmd/${name}`])),
    },
    say,
    environment,
  );
  return {
    controllerManager: join(directory, 'kube-controller-manager'),
    kubeProxy: join(directory, 'kube-proxy'),
    kubeadm: join(directory, 'kubeadm'),
    kubelet: join(directory, 'kubelet'),
    scheduler: join(directory, 'kube-scheduler'),
  };
}
