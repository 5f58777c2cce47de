// fetchNpm.js VERSION INTEGRITY DIRECTORY: unpacks this version of npm, and refuses any other content than INTEGRITY says.
// For whatever Node an image build has: built-ins only.
/* global fetch */
import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';

const [version, integrity, directory] = process.argv.slice(2);
const registry = process.env.npm_config_registry ?? 'https://registry.npmjs.org';
const url = `${registry.replace(/\/$/, '')}/npm/-/npm-${version}.tgz`;
const response = await fetch(url);
if (!response.ok) throw new Error(`${url} answers ${response.status} ${response.statusText}`);
const archive = Buffer.from(await response.arrayBuffer());
const hash = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
if (hash !== integrity) throw new Error(`${url} has ${hash}, and ${integrity} is wanted`);
mkdirSync(directory, { recursive: true });
const unpack = spawnSync('tar', ['-xz', '--strip-components=1', '-C', directory], {
  input: archive,
  stdio: ['pipe', 'inherit', 'inherit'],
});
if (unpack.status !== 0) throw new Error(`tar could not unpack ${url}`);
