import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runTool } from './runTool.js';
import { filesBelow, stamp, touchChangedSince } from './stamp.js';

/** Builds the addons of binding.gyp into build/Release, for the Node in node_modules. */
export async function buildAddons(root, say) {
  const sources = [...filesBelow(join(root, 'native'), '.cc'), ...filesBelow(join(root, 'native'), '.h')];
  if (sources.length === 0) return;
  const headers = filesBelow(join(root, 'bpf/include'), '.h');
  const modules = join(root, 'node_modules');
  const inputs = [join(root, 'binding.gyp'), ...sources, ...headers, join(root, 'package-lock.json')];
  // An addon a directory of native/ that has an addon.cc, see binding.gyp.
  const outputs = ['bpf', 'codec']
    .filter((name) => existsSync(join(root, 'native', name, 'addon.cc')))
    .map((name) => join(root, 'build/Release', `${name}.node`));
  const done = stamp(join(root, 'build/stamps/addons'), inputs, outputs);
  if (done.isFresh()) return;
  say('building the native addons (a minute or two the first time)');

  const bin = join(modules, '.bin');
  const env = {
    ...process.env,
    PATH: bin + delimiter + process.env.PATH,
    npm_config_nodedir: join(modules, `node-linux-${process.arch}`),
  };
  const nodeGyp = [
    join(modules, 'node-gyp/bin/node-gyp.js'),
    'configure',
    'build',
    '--release',
    '-j',
    'max',
    '--loglevel',
    'error',
  ];
  // One at a time: make in the same directory twice makes a mess. Whoever waited finds everything built.
  const lock = join(root, 'build/addons.lock');
  mkdirSync(join(root, 'build'), { recursive: true });
  let changed;
  do {
    const began = Date.now();
    await runTool('the native addons', 'flock', [lock, join(bin, 'node'), ...nodeGyp], { cwd: root, env });
    // make takes what was finished after a header changed for compiled with the changed header. So once more.
    changed = touchChangedSince(began, [...sources, ...headers]);
  } while (changed);
  done.write();
}
