// Makes a fresh machine ready to build, run and test TraceProbe; does next to nothing where that is done already.
// Runs before node_modules exists and on whatever Node is installed: built-ins only.
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { build } from './build.js';
import { BuildFailure } from './building/buildFailure.js';
import { ensureMounts } from './setup/mounts.js';
import { ensureNpmPackages } from './setup/npmPackages.js';
import { buildPackages, ensurePackages } from './setup/packages.js';
import { Refusal } from './setup/refusal.js';
import { checkSystem } from './setup/requirements.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (line) => console.error(line);

try {
  checkSystem({ platform: process.platform, release: release(), nodeVersion: process.versions.node });
  await ensurePackages(buildPackages, say);
  ensureNpmPackages(root, say);
  ensureMounts(say);
  await build(root, say);
} catch (error) {
  if (error.code === 'EACCES' || error.code === 'EROFS') {
    const reason = `it may not write ${error.path ?? 'here'} (${error.code})`;
    console.error(new Refusal(reason, 'Run this as root, or as the owner of this folder.').message);
  } else if (error instanceof Refusal || error instanceof BuildFailure) {
    console.error(error.message);
  } else {
    throw error;
  }
  process.exitCode = 1;
}
