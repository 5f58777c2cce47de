import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAddon } from './loadAddon.ts';

test('an addon is loaded once', () => {
  expect(loadAddon('codec')).toBe(loadAddon('codec'));
});

/** Runs loadAddon('codec') from a copy of its file at a path below a package of its own. */
function loadFrom(path: string, built: boolean) {
  const root = mkdtempSync(join(tmpdir(), 'traceprobe-addon-'));
  try {
    const script = join(root, path);
    mkdirSync(join(script, '..'), { recursive: true });
    copyFileSync(fileURLToPath(new URL('loadAddon.ts', import.meta.url)), script);
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
    if (built) {
      mkdirSync(join(root, 'build', 'Release'), { recursive: true });
      const addon = fileURLToPath(new URL('../../build/Release/codec.node', import.meta.url));
      copyFileSync(addon, join(root, 'build', 'Release', 'codec.node'));
    }
    const load = `import(${JSON.stringify(script)}).then(({ loadAddon }) => console.log(typeof loadAddon('codec')))`;
    return spawnSync(process.execPath, ['--input-type=module', '--eval', load], { encoding: 'utf8' });
  } finally {
    rmSync(root, { recursive: true });
  }
}

test.each(['src/native/loadAddon.ts', 'dist/index.ts', 'dist/bpf/index.ts'])(
  'build/Release is found from %s',
  (path) => {
    expect(loadFrom(path, true)).toMatchObject({ status: 0, stdout: 'object\n' });
  },
);

test('an addon that was not built is missed in words', () => {
  const { status, stderr } = loadFrom('dist/index.ts', false);
  expect(status).toBe(1);
  expect(stderr).toMatch(/the native addon 'codec' is not there: .*run "npm run build"/);
});
