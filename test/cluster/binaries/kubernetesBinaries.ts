import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cachedBinaries, requiredVersion, type CachedRecipe } from './cachedBinaries.ts';

/** Paths of the programs that cluster tests run. */
export interface KubernetesBinaries {
  etcd: string;
  kubeApiserver: string;
  kubectl: string;
}

const recipeDirectory = new URL('recipe', import.meta.url).pathname;

/** Programs by file name, and the Go package of each: one of the `tool` lines of recipe/go.mod. */
const packages: Readonly<Record<string, string>> = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
};

/**
 * The programs of $KUBEBUILDER_ASSETS where that is set (a folder, as controller-runtime's setup-envtest makes them);
 * otherwise those of the cache, built into it when they are not there yet, which takes minutes and needs Go or apt-get.
 * `say` is told what takes its time.
 */
export async function kubernetesBinaries(
  say: (line: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<KubernetesBinaries> {
  const chosen = environment['KUBEBUILDER_ASSETS'];
  if (chosen) return checkedPaths(resolve(chosen));

  return paths(await cachedBinaries('kubernetes', await readRecipe(), say, environment));
}

function paths(directory: string): KubernetesBinaries {
  return {
    etcd: join(directory, 'etcd'),
    kubeApiserver: join(directory, 'kube-apiserver'),
    kubectl: join(directory, 'kubectl'),
  };
}

function checkedPaths(directory: string): KubernetesBinaries {
  const missing = Object.keys(packages).filter((name) => !existsSync(join(directory, name)));
  if (missing.length > 0) {
    throw new Error(
      `KUBEBUILDER_ASSETS is ${directory}, which lacks ${missing.join(' and ')}: ` +
        'name a folder that has them (setup-envtest prints one), or unset it to have them built',
    );
  }
  return paths(directory);
}

async function readRecipe(): Promise<CachedRecipe> {
  const version = await requiredVersion(recipeDirectory, 'k8s.io/kubernetes');
  const [major = '', minor = ''] = version.slice(1).split('.');
  const facts = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const variables = Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [`k8s.io/component-base/version.${name}`, value]),
  );
  return { directory: recipeDirectory, title: `Kubernetes ${version}`, version, variables, packages };
}
