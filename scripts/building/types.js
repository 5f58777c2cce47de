import { join } from 'node:path';
import { runTool } from './runTool.js';

/** Writes dist/**\/*.d.ts, for those who import traceprobe/bpf or traceprobe/testing with types. */
export async function buildTypes(root) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const project = join(root, 'scripts/building/tsconfig.types.json');
  await runTool('the type declarations', join(root, 'node_modules/.bin/node'), [tsc, '-p', project], {
    cwd: root,
  });
}
