import { existsSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execute } from './execute.ts';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Age after which a package list is fetched again: packages of sid go within hours of their successor. */
const maxListAgeMs = 3600 * 1000;

/** One suite of the Debian archive (bookworm-backports, sid …), read without touching this machine's own lists. */
export interface DebianSuite {
  /** Package names with this prefix that the suite has now. */
  names(prefix: string): Promise<string[]>;
  /** A package and all that it depends on, down to the C library. */
  closure(packageName: string): Promise<string[]>;
  /** Fetches a package and unpacks its files into a directory. */
  unpack(packageName: string, directory: string): Promise<void>;
}

/** Opens a suite; its lists and downloads live below `directory`. `say` is told what takes its time. */
export async function openDebianSuite(
  suite: string,
  directory: string,
  say: (line: string) => void,
): Promise<DebianSuite> {
  const state = join(directory, suite);
  const downloads = join(state, 'downloads');
  const lists = join(state, 'lists');
  for (const path of [downloads, join(lists, 'partial'), join(state, 'archives/partial')]) {
    await mkdir(path, { recursive: true });
  }
  const sources = join(state, 'sources.list');
  const mirror = await debianMirror();
  const signedBy = existsSync(keyring) ? ` signed-by=${keyring}` : '';
  await writeFile(sources, `deb [arch=amd64 target=Packages${signedBy}] ${mirror} ${suite} main\n`);
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${lists}`,
    `Dir::Cache=${state}`,
    'Acquire::Languages=none',
    'APT::Sandbox::User=root', // _apt may not enter a cache below /root
  ].flatMap((option) => ['-o', option]);

  const updated = join(state, 'updated');
  if (await isOld(updated)) {
    say(`reading the package list of Debian ${suite} from ${mirror}`);
    await execute('apt-get', [...options, '-qq', 'update']);
    await writeFile(updated, '');
  }

  return {
    async names(prefix) {
      // pkgnames also knows names that are only mentioned by other packages; those have no record.
      const listed = (await execute('apt-cache', [...options, 'pkgnames', prefix]))
        .split('\n')
        .filter(Boolean);
      if (listed.length === 0) return [];
      const records = await execute('apt-cache', [...options, 'show', '--no-all-versions', ...listed]);
      return [...records.matchAll(/^Package: (.+)$/gm)].map((match) => match[1] ?? '');
    },
    async closure(packageName) {
      const left = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'];
      const flags = ['--recurse', ...left.map((kind) => `--no-${kind}`)];
      const tree = await execute('apt-cache', [...options, 'depends', ...flags, packageName]);
      // Packages stand at the margin, what each depends on is indented; <names> are virtual.
      return [...tree.matchAll(/^[a-z0-9]\S*$/gm)].map(([name]) => name);
    },
    async unpack(packageName, target) {
      say(`fetching ${packageName} from Debian ${suite}`);
      await execute('apt-get', [...options, '-qq', 'download', packageName], { cwd: downloads });
      const file = (await readdir(downloads)).find((name) => name.startsWith(`${packageName}_`));
      if (file === undefined) throw new Error(`apt-get download ${packageName} left no file in ${downloads}`);
      await mkdir(target, { recursive: true });
      await execute('dpkg-deb', ['-x', join(downloads, file), target]);
      await execute('rm', ['-f', join(downloads, file)]);
    },
  };
}

/** The Debian mirror this machine already uses, or Debian's own address where it uses none (Ubuntu). */
async function debianMirror(): Promise<string> {
  const targets = await execute('apt-get', [
    'indextargets',
    '--format',
    '$(ORIGIN)|$(LABEL)|$(REPO_URI)',
    'Created-By: Packages',
  ]).catch(() => '');
  return chooseMirror(targets);
}

/** From lines `origin|label|address`: the first of Debian proper (security has a label of its own). */
export function chooseMirror(indexTargets: string): string {
  for (const line of indexTargets.split('\n')) {
    const [origin, label, address] = line.split('|');
    if (origin === 'Debian' && label === 'Debian' && address) return address.replace(/\/$/, '');
  }
  return 'http://deb.debian.org/debian';
}

async function isOld(stamp: string): Promise<boolean> {
  if (!existsSync(stamp)) return true;
  return Date.now() - (await stat(stamp)).mtimeMs > maxListAgeMs;
}
