import { chmodSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BuildFailure } from './buildFailure.js';
import { filesBelow, stamp } from './stamp.js';

/** What is run or imported from outside, and worker threads: src/NAME.ts becomes dist/NAME.js. */
const entries = [
  'cli/main',
  'testing/index',
  'bpf/index',
  'kubernetes/podReflectorWorker',
  'aggregator/store/storeWorker',
];

/**
 * Bundles the TypeScript with the packages it uses: one file starts in a quarter of the time of hundreds. Every
 * bundle lies two levels below the root like the sources, so that both find build/ by the same relative path.
 */
export async function buildBundles(root, say) {
  const present = entries.filter((entry) => existsSync(join(root, 'src', `${entry}.ts`)));
  if (present.length === 0) return;
  const sources = filesBelow(join(root, 'src'), '.ts').filter((path) => !path.endsWith('.test.ts'));
  const inputs = [...sources, join(root, 'package-lock.json'), { text: 'v2' }];
  const outputs = present.map((entry) => join(root, 'dist', `${entry}.js`));
  const done = stamp(join(root, 'build/stamps/bundles'), inputs, outputs);
  if (done.isFresh()) return;

  const { build } = await import('esbuild');
  rmSync(join(root, 'dist/chunks'), { recursive: true, force: true });
  try {
    await build({
      absWorkingDir: root,
      entryPoints: present.map((entry) => `src/${entry}.ts`),
      outdir: 'dist',
      outbase: 'src',
      bundle: true,
      splitting: true,
      chunkNames: 'chunks/[name]-[hash]',
      platform: 'node',
      format: 'esm',
      target: 'node24',
      // Has a library of its own for each platform, which no bundle can hold.
      external: ['@duckdb/*'],
      sourcemap: true,
      logLevel: 'silent',
      // CommonJS packages call require(), which an ES module does not have.
      banner: {
        js: [
          "import { createRequire as bundledRequire } from 'node:module';",
          'const require = bundledRequire(import.meta.url);',
        ].join(' '),
      },
    });
  } catch (error) {
    throw new BuildFailure('dist from src', formatErrors(error));
  }
  for (const output of outputs) if (output.endsWith('main.js')) chmodSync(output, 0o755);
  say(`bundled ${present.map((entry) => `dist/${entry}.js`).join(', ')}`);
  done.write();
}

function formatErrors(error) {
  if (!error.errors) return String(error);
  return error.errors
    .map(({ text, location }) =>
      location ? `${location.file}:${location.line}:${location.column}: ${text}` : text,
    )
    .join('\n');
}
