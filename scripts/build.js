// `npm run build`: builds what changed. With --types also the .d.ts files of the packages' exports.
import { fileURLToPath } from 'node:url';
import { buildAddons } from './building/addons.js';
import { buildBpfObjects } from './building/bpfObjects.js';
import { BuildFailure } from './building/buildFailure.js';
import { buildBundles } from './building/bundles.js';
import { buildTypes } from './building/types.js';

/** Brings build/ and dist/ up to date with the sources. Rejects with a BuildFailure when a compiler does. */
export async function build(root, say) {
  await buildBpfObjects(root, say);
  await buildAddons(root, say);
  await buildBundles(root, say);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const say = (line) => console.error(line);
  try {
    await build(root, say);
    if (process.argv.includes('--types')) await buildTypes(root);
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
