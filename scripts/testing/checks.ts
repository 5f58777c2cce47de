import { existsSync, readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { runProcess } from './runProcess.ts';
import type { Stage } from './stage.ts';

interface Check {
  name: string;
  /** Arguments of node. */
  args: readonly string[];
  /** What to do when it fails. */
  remedy?: string;
}

function checksOf(root: string): Check[] {
  const bin = (path: string) => join(root, 'node_modules', path);
  const directory = join(root, 'scripts/checks');
  const own = (existsSync(directory) ? readdirSync(directory) : [])
    .filter((name) => /\.(js|ts)$/.test(name) && !name.includes('.test.'))
    .sort();
  return [
    {
      name: 'format',
      args: [
        ...[bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn'],
        ...['--cache', '--cache-location', join(root, 'build/prettier-cache'), '.'],
      ],
      remedy: 'npm run format',
    },
    { name: 'lint', args: [bin('eslint/bin/eslint.js'), '.'] },
    {
      name: 'types',
      args: [
        ...[bin('typescript/bin/tsc'), '-p', root, '--pretty', 'false'],
        ...['--incremental', '--tsBuildInfoFile', join(root, 'build/types.tsbuildinfo')],
      ],
    },
    // Whatever else must hold (generated code that drifted, for example): a program that fails when it does not.
    ...own.map((file) => ({
      name: basename(file, extname(file)),
      args: [join(directory, file)],
    })),
  ];
}

/** Runs every check; each counts as one. */
export async function runChecks(root: string, heading: (title: string) => void): Promise<Stage> {
  const started = performance.now();
  const checks = checksOf(root);
  const failures: string[] = [];
  for (const { name, args, remedy } of checks) {
    heading(name);
    const ending = await runProcess(process.execPath, args, { cwd: root, timeoutSeconds: 600 });
    if (ending !== undefined) failures.push(`${name}${remedy === undefined ? '' : ` (try: ${remedy})`}`);
  }
  return {
    name: 'checks',
    passed: checks.length - failures.length,
    failed: failures.length,
    skipped: 0,
    failures,
    seconds: (performance.now() - started) / 1000,
  };
}
