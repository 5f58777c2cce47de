import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = join(root, 'node_modules', '.bin');

function filesOf(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map(({ name, parentPath }) => [
        join(parentPath, name).slice(directory.length),
        readFileSync(join(parentPath, name), 'utf8'),
      ]),
  );
}

test('generated messages are those of proto/: otherwise run "npx buf generate"', () => {
  const output = mkdtempSync(join(tmpdir(), 'traceprobe-proto-'));
  try {
    execFileSync(join(bin, 'buf'), ['generate', '--output', output], {
      cwd: root,
      env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
    expect(filesOf(join(root, 'src/rpc/gen'))).toEqual(filesOf(join(output, 'src/rpc/gen')));
  } finally {
    rmSync(output, { recursive: true });
  }
});
