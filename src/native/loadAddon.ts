import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

/**
 * One of the native addons, `bpf` or `codec`, out of build/Release of the package that this file is in: found upwards
 * from here, so that it is the same from src/ and from a bundle in dist/. Node loads it once a thread.
 *
 * @throws Error when it has not been built, or when it cannot be loaded (a missing shared library, another ABI)
 */
export function loadAddon(name: 'bpf' | 'codec'): unknown {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let directory = here; ; directory = dirname(directory)) {
    const path = join(directory, 'build', 'Release', `${name}.node`);
    if (existsSync(path)) return require(path);
    if (directory === dirname(directory)) {
      throw new Error(
        `the native addon '${name}' is not there: no build/Release/${name}.node in ${here} or above; ` +
          'run "npm run build"',
      );
    }
  }
}
