import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from './refusal.js';

/**
 * Installs the npm packages of package-lock.json below `root` when the ones there are of another. `npm install`
 * rather than `npm ci`: a lock made where a registry lacks other platforms' binaries is refused by the latter. The
 * lock is the committed truth all the same: when npm would change it, that is an error.
 */
export function ensureNpmPackages(root, say, install = npmInstall) {
  const lockPath = join(root, 'package-lock.json');
  const stampPath = join(root, 'node_modules/.setup');
  const lock = readFileSync(lockPath);
  const hash = createHash('sha256').update(lock).digest('hex');
  if (read(stampPath) === hash) return;

  say('installing npm packages');
  if (!install(root)) {
    throw new Refusal(
      'npm could not install the packages',
      'See its messages above; is its registry reachable?',
    );
  }
  if (!readFileSync(lockPath).equals(lock)) {
    // Put back, or the next run would take the changed lock for the committed one.
    writeFileSync(lockPath, lock);
    throw new Refusal(
      'package.json asks for other packages than package-lock.json has',
      'Run npm install yourself and commit the package-lock.json it writes.',
    );
  }
  writeFileSync(stampPath, hash);
}

function npmInstall(root) {
  // Its warnings concern engines of tools, most of which run on the Node it installs.
  const args = ['install', '--no-fund', '--no-audit', '--loglevel=error'];
  return spawnSync('npm', args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
