import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cacheDirectory } from '../../vm/cacheDirectory.ts';
import { buildArguments, buildBinaries, type BinaryRecipe } from './buildBinaries.ts';

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

  const recipe = await readRecipe();
  const cache = cacheDirectory(environment);
  const directory = join(cache, 'kubernetes', await cacheKey(recipe));
  if (!existsSync(directory)) {
    // Made aside and renamed, so that what is in the cache is always whole.
    const making = join(cache, 'kubernetes', `.${recipe.version}-${randomUUID()}`);
    await mkdir(making, { recursive: true });
    try {
      await buildBinaries(recipe, making, cache, say);
      await rename(making, directory).catch((error: unknown) => {
        if (!existsSync(directory)) throw error; // someone else was quicker
      });
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  }
  return paths(directory);
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

async function readRecipe(): Promise<BinaryRecipe> {
  const goMod = await readFile(join(recipeDirectory, 'go.mod'), 'utf8');
  const version = /^(?:require|\t)\s*k8s\.io\/kubernetes (v\S+)/m.exec(goMod)?.[1];
  if (version === undefined)
    throw new Error(`${recipeDirectory}/go.mod requires no version of k8s.io/kubernetes`);
  return { directory: recipeDirectory, version, packages };
}

/** Other versions, dependencies or options of the build make other programs. */
async function cacheKey(recipe: BinaryRecipe): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(join(recipe.directory, file)));
  hash.update(JSON.stringify([recipe.packages, buildArguments(recipe, ''), process.arch]));
  return `${recipe.version}-${hash.digest('hex').slice(0, 12)}`;
}
