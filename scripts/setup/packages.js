// Debian and Ubuntu packages: which are missing, and installing them. Node 20, built-ins only.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { Refusal } from './refusal.js';

/** What building TraceProbe needs, and what for. */
export const buildPackages = {
  clang: 'compiles the BPF programs',
  llvm: 'strips debug information from them',
  'libbpf-dev': 'loads and attaches them',
  'libelf-dev': 'needed by libbpf',
  'zlib1g-dev': 'needed by libbpf',
  'libre2-dev': 'matches regular expressions in filters',
  'pkg-config': 'finds these libraries',
  'g++': 'compiles the native addons',
  make: 'builds the native addons',
  python3: 'runs node-gyp',
};

/** What starting test VMs needs, and what for. */
export const vmPackages = {
  'qemu-system-x86': 'runs the test VMs',
  'busybox-static': 'is the user space until their root is mounted',
  kmod: 'finds the modules they need to boot',
  cpio: 'packs their first file system',
  'xz-utils': 'unpacks kernel modules',
  zstd: 'unpacks kernel modules',
  'debian-archive-keyring': 'verifies the kernel packages of Debian',
};

/** What building the tests' own kernel needs, and what for. */
export const kernelBuildPackages = {
  gcc: 'compiles the kernel',
  make: 'drives its build',
  bc: 'is used by its build',
  bison: 'is used by its build',
  flex: 'is used by its build',
  'libelf-dev': 'is used by its build',
  'libssl-dev': 'is used by its build',
  dwarves: 'writes its type information (BTF)',
  cpio: 'packs its headers',
  'xz-utils': 'unpacks its source',
};

/**
 * Packages of `names` that are not installed.
 * `statuses` are lines `name abbreviation` as dpkg-query prints them, "ii " for an installed one.
 */
export function missingPackages(names, statuses) {
  const installed = new Set();
  for (const line of statuses.split('\n')) {
    const [name, abbreviation] = line.split(' ');
    // Wanted (install, hold, remove …), then what is: i is installed and configured.
    if (abbreviation?.[1] === 'i') installed.add(name);
  }
  return names.filter((name) => !installed.has(name));
}

/**
 * Installs those of `reasons` (package → what for) that are missing, and says which. Throws a Refusal where this
 * user or system cannot.
 */
export async function ensurePackages(reasons, say) {
  const names = Object.keys(reasons);
  const query = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Abbrev}\n', ...names], {
    encoding: 'utf8',
  });
  if (query.error) {
    throw new Refusal(
      `it installs what it needs on Debian 12 or later and Ubuntu 24.04 or later, and this is ${systemName()}`,
      `Install what provides these packages of Debian yourself: ${names.join(' ')}`,
    );
  }
  const missing = missingPackages(names, query.stdout);
  if (missing.length === 0) return;

  if (process.getuid() !== 0) {
    throw new Refusal(
      'system packages are missing and this user may not install them',
      `Run this as root, or: sudo apt-get install ${missing.join(' ')}`,
    );
  }
  say('installing system packages:');
  const width = Math.max(...missing.map((name) => name.length));
  for (const name of missing) say(`  ${name.padEnd(width)}  ${reasons[name]}`);
  await install(missing, say);
}

async function install(names, say) {
  const args = ['install', '-y', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0', ...names];
  if (haveLists()) {
    // Lists may be older than the mirror; then a package is not found, or not fetched, and an update helps.
    const first = await aptGet(args, say);
    if (first.code === 0) return;
  }
  const update = await aptGet(['update'], say);
  const second = await aptGet(args, say);
  if (second.code === 0) return;
  say(`${update.output}${second.output}`.trimEnd());
  throw new Refusal(
    `apt-get could not install ${names.join(' ')} (see above)`,
    `Check the package sources and the network of this machine; TraceProbe knows Debian 12 or later and Ubuntu 24.04 or later, and this is ${systemName()}.`,
    `check this machine's package sources (Debian 12 or later, Ubuntu 24.04 or later) and its network; this is ${systemName()}`,
  );
}

/** Runs apt-get and says how far it is every few seconds. */
function aptGet(args, say) {
  return new Promise((resolve) => {
    const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' };
    const child = spawn('apt-get', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let saidAt = Date.now();
    function take(text) {
      output += text;
      if (Date.now() - saidAt < 5000) return;
      saidAt = Date.now();
      const total = /(\d+) newly installed/.exec(output)?.[1];
      const done = output.match(/^Setting up /gm)?.length ?? 0;
      const fetched = output.match(/^Get:/gm)?.length ?? 0;
      if (total)
        say(done ? `  ${done} of ${total} packages set up` : `  ${fetched} of ${total} packages fetched`);
    }
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => resolve({ code: 1, output: `apt-get: ${error.message}\n` }));
    child.on('close', (code) => resolve({ code, output: errors(output) }));
  });
}

/** The lines of apt-get's output that tell why it failed. */
function errors(output) {
  return output
    .split('\n')
    .filter((line) => /^(E|W|Err|dpkg):?/.test(line))
    .map((line) => `${line}\n`)
    .join('');
}

function haveLists() {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'));
  } catch {
    return false;
  }
}

function systemName() {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
