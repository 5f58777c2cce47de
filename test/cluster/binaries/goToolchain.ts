import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { openDebianSuite } from '../../vm/debianArchive.ts';
import { execute } from '../../vm/execute.ts';

export interface GoToolchain {
  program: string;
  env: Record<string, string>;
}

/** Where a go that is recent enough for Kubernetes 1.34 comes from when this machine has none. */
const debian = { suite: 'trixie', release: '1.24', packages: ['golang-1.24-go', 'golang-1.24-src'] };

/**
 * A go that can build the module in a directory: this machine's, from PATH or /usr/local/go, or else Debian's, unpacked
 * into the cache. Throws an Error that says what to install where neither is to be had.
 */
export async function provideGo(
  moduleDirectory: string,
  cache: string,
  say: (line: string) => void,
): Promise<GoToolchain> {
  const wanted = /^go (\S+)/m.exec(await readFile(join(moduleDirectory, 'go.mod'), 'utf8'))?.[1] ?? '';
  const path = [process.env['PATH'], '/usr/local/go/bin'].join(delimiter);
  const found = { program: 'go', env: { PATH: path } };
  const problem = await problemOf(found, moduleDirectory, wanted);
  if (problem === undefined) return found;
  try {
    const fetched = await fetchGo(cache, say);
    const fetchedProblem = await problemOf(fetched, moduleDirectory, wanted);
    if (fetchedProblem === undefined) return fetched;
    throw new Error(fetchedProblem);
  } catch (error) {
    throw new Error(
      `the programs of the cluster tests are built with Go ${wanted} or later, and here ${problem}: ` +
        'install it (https://go.dev/dl) and put go on PATH, or let KUBEBUILDER_ASSETS name a folder with etcd, ' +
        `kube-apiserver and kubectl.\nFetching Go ${debian.release} from Debian ${debian.suite} failed: ` +
        (error instanceof Error ? error.message : String(error)),
      { cause: error },
    );
  }
}

async function problemOf(
  go: GoToolchain,
  moduleDirectory: string,
  wanted: string,
): Promise<string | undefined> {
  // Inside the module: a go that may fetch a newer one of itself does so, and one that may not says so.
  const output = await execute(go.program, ['env', 'GOVERSION'], { cwd: moduleDirectory, env: go.env }).catch(
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  if (output instanceof Error) {
    return output.message.includes('ENOENT') ? 'there is none' : output.message.trim();
  }
  const version = output.trim().replace(/^go/, '');
  return isAtLeast(version, wanted) ? undefined : `go is ${version === '' ? 'too old' : version}`;
}

/** Versions as Go writes them, such as 1.24.0, 1.26rc1 or 1.24.4-custom. */
export function isAtLeast(version: string, wanted: string): boolean {
  const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);
  const [has, needs] = [numbers(version), numbers(wanted)];
  const at = [0, 1, 2].find((index) => (has[index] ?? 0) !== (needs[index] ?? 0));
  return at === undefined ? has.length > 0 : (has[at] ?? 0) > (needs[at] ?? 0);
}

async function fetchGo(cache: string, say: (line: string) => void): Promise<GoToolchain> {
  const directory = join(cache, `go-${debian.release}`);
  if (!existsSync(directory)) {
    const making = `${directory}.${process.pid}`;
    await mkdir(making, { recursive: true });
    try {
      const suite = await openDebianSuite(debian.suite, join(cache, 'debian'), say);
      for (const name of debian.packages) await suite.unpack(name, making);
      await rename(making, directory).catch((error: unknown) => {
        if (!existsSync(directory)) throw error; // someone else was quicker
      });
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  }
  const root = join(directory, 'usr/lib', `go-${debian.release}`);
  return { program: join(root, 'bin/go'), env: { GOROOT: root } };
}
