import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute } from '../vm/execute.ts';
import { cacheDirectory } from '../vm/cacheDirectory.ts';

/** Name of the image that is built. */
export const imageName = { repository: 'traceprobe', tag: 'e2e' };

const script = fileURLToPath(new URL('../../scripts/image.sh', import.meta.url));

/**
 * The file with the image of this source tree: the one that $TRACEPROBE_IMAGE names where that is set, otherwise built,
 * which takes minutes the first time and next to nothing where nothing has changed.
 */
export async function builtImage(): Promise<string> {
  const chosen = process.env['TRACEPROBE_IMAGE'];
  if (chosen) return chosen;
  const directory = join(cacheDirectory(), 'images');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'traceprobe-e2e.tar');
  const { repository, tag } = imageName;
  await execute(script, [`${repository}:${tag}`, file], {
    onLine: (line) => {
      if (/^(Step|no registry|no docker)/.test(line)) console.error(line);
    },
  });
  return file;
}
