import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { programStatistics } from '../../src/cli/programs/programStatistics.ts';
import { readRuns } from '../../src/cli/programs/runFile.ts';
import { bundle, CliProcess } from './cliProcess.ts';

const example = 'examples/slow-opens.yaml';

interface ProcessTree {
  /** npm and everything below it. */
  pids: number[];
  /** What is attached by one of them. */
  programIds: number[];
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function treeOf({ child: { pid: root = 0 } }: CliProcess): ProcessTree {
  const pids = [root];
  // Grows while it is walked: children of children come as well.
  for (const pid of pids) pids.push(...processes().filter((other) => parentOf(other) === pid));
  const programIds = readRuns()
    .filter(({ pid }) => pids.includes(pid))
    .flatMap(({ probes }) => probes.flatMap(({ points }) => points.flatMap((point) => point.programIds)));
  return { pids, programIds };
}

/** It has not ended, or not been waited for. */
function runs(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Which of them are still there: processes, and programs that any process holds. */
function survivors({ pids, programIds }: ProcessTree): ProcessTree {
  const running = processes().filter(runs);
  const held = running.flatMap((pid) => [...programStatistics(pid).keys()]);
  return {
    pids: pids.filter((pid) => running.includes(pid)),
    programIds: programIds.filter((id) => held.includes(id)),
  };
}

/** `npm start` with what is built already: its own test is the set-up's. */
function npmStart(detached = false): CliProcess {
  return new CliProcess('npm', ['start', '--ignore-scripts', '--', example, '--log-level', 'info'], {
    detached,
  });
}

const account = /slow-opens:\n {2}attempted .*\n {2}captured .*\n {2}missed /;

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s to npm start ends what it started, with the account',
  async (signal) => {
    using npm = npmStart();
    await npm.running();
    const tree = treeOf(npm);
    expect(tree.programIds).not.toEqual([]);
    npm.child.kill(signal);
    const { status, stderr } = await npm.end();
    expect(stderr).toMatch(account);
    expect(status).toBe(0);
    expect(survivors(tree)).toEqual({ pids: [], programIds: [] });
  },
);

test('Ctrl-C reaches npm start twice, from the terminal and from npm, and is taken for one', async () => {
  using npm = npmStart(true);
  await npm.running();
  const tree = treeOf(npm);
  process.kill(-(npm.child.pid ?? 0), 'SIGINT');
  const { status, stderr } = await npm.end();
  expect(stderr).toMatch(account);
  expect(status).toBe(0);
  expect(survivors(tree)).toEqual({ pids: [], programIds: [] });
});

test('a shell of npx that is killed takes the run with it, and its account is printed', async () => {
  const command = `node '${bundle}' run ${example} --log-level info`;
  using npx = new CliProcess('npm', ['exec', '--call', command]);
  await npx.running();
  const tree = treeOf(npx);
  expect(tree.pids.length).toBeGreaterThan(2);
  npx.child.kill('SIGTERM');
  // Standard error is open as long as anything of the tree is; from there to its end a process has little to do.
  expect((await npx.end()).stderr).toMatch(account);
  while (survivors(tree).pids.length > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(survivors(tree)).toEqual({ pids: [], programIds: [] });
});
