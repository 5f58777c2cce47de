import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../vm/cacheDirectory.ts';
import { buildArguments, buildBinaries, type BinaryRecipe } from './buildBinaries.ts';

export interface CachedRecipe extends BinaryRecipe {
  /** Such as v1.34.4. */
  version: string;
}

/**
 * The folder of the cache that has a recipe's programs: built into it, below `name`, when they are not there yet, which
 * takes minutes and needs Go or apt-get. `say` is told what takes its time.
 */
export async function cachedBinaries(
  name: string,
  recipe: CachedRecipe,
  say: (line: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const cache = cacheDirectory(environment);
  const directory = join(cache, name, await cacheKey(recipe));
  if (!existsSync(directory)) {
    // Made aside and renamed, so that what is in the cache is always whole.
    const making = join(cache, name, `.${recipe.version}-${randomUUID()}`);
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
  return directory;
}

/** The version of a module that the go.mod in a directory requires. */
export async function requiredVersion(directory: string, module: string): Promise<string> {
  const goMod = await readFile(join(directory, 'go.mod'), 'utf8');
  const line = new RegExp(`^(?:require|\\t)\\s*${module.replaceAll('.', '\\.')} (v\\S+)`, 'm');
  const version = line.exec(goMod)?.[1];
  if (version === undefined) throw new Error(`${directory}/go.mod requires no version of ${module}`);
  return version;
}

/** Other versions, dependencies or options of the build make other programs. */
async function cacheKey(recipe: CachedRecipe): Promise<string> {
  const hash = createHash('sha256');
  const own = Object.values(recipe.packages).filter((goPackage) => goPackage.startsWith('./'));
  for (const file of ['go.mod', 'go.sum', ...own.map((goPackage) => `${goPackage}/main.go`)]) {
    hash.update(await readFile(join(recipe.directory, file)));
  }
  hash.update(JSON.stringify([recipe.packages, buildArguments(recipe, ''), process.arch]));
  return `${recipe.version}-${hash.digest('hex').slice(0, 12)}`;
}
