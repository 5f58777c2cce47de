import { join } from 'node:path';
import { cachedBinaries, requiredVersion } from '../../cluster/binaries/cachedBinaries.ts';
import { provideGo } from '../../cluster/binaries/goToolchain.ts';
import { cacheDirectory } from '../../vm/cacheDirectory.ts';
import { execute } from '../../vm/execute.ts';

const recipeDirectory = new URL('tools', import.meta.url).pathname;

/**
 * Path of kind: $KIND where that is set, otherwise that of the cache, built into it when it is not there yet (a quarter
 * of a minute). `say` is told what takes its time.
 */
export async function kindBinary(
  say: (line: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  return environment['KIND'] ?? (await cachedProgram('kind', 'sigs.k8s.io/kind', 'sigs.k8s.io/kind', say));
}

/** Path of the name server of a node image that is made here, as kindBinary. */
export function coreDnsBinary(say: (line: string) => void): Promise<string> {
  return cachedProgram('coredns', 'github.com/coredns/coredns', './coredns', say);
}

/** Folder with what a node image has of kind's own: its entrypoint, units of systemd and the like. */
export async function kindBaseFiles(say: (line: string) => void): Promise<string> {
  const go = await provideGo(recipeDirectory, cacheDirectory(), say);
  const args = ['mod', 'download', '-json', 'sigs.k8s.io/kind'];
  const module = JSON.parse(
    await execute(go.program, args, { cwd: recipeDirectory, env: { ...go.env, GOWORK: 'off' } }),
  ) as { Dir: string };
  return join(module.Dir, 'images/base/files');
}

async function cachedProgram(
  name: string,
  module: string,
  goPackage: string,
  say: (line: string) => void,
): Promise<string> {
  const version = await requiredVersion(recipeDirectory, module);
  const directory = await cachedBinaries(
    name,
    {
      ...{ directory: recipeDirectory, title: `${name} ${version}`, version },
      ...{ variables: {}, packages: { [name]: goPackage } },
    },
    say,
  );
  return join(directory, name);
}
