// `npm test`, see options.ts.
import { fileURLToPath } from 'node:url';
import { kernelNames } from '../../test/vm/kernels.ts';
import { runChecks } from './checks.ts';
import { otelCollectorBinary } from '../../test/shippers/otelCollectorBinary.ts';
import { hasTests, hasVmTests, runCluster, runOnHost, runOnVm } from './jestStages.ts';
import { nothingRan } from './nothingRan.ts';
import { parseOptions, usage, type TestOptions } from './options.ts';
import type { Stage } from './stage.ts';
import { sum, summary } from './summary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const knownKernels = ['host', ...kernelNames];

function heading(title: string): void {
  console.log(`\n== ${title}`);
}

/** A stage that could not even start (no kernel to be had, no qemu) is one failure, and the others still run. */
async function attempt(name: string, run: () => Promise<Stage>): Promise<Stage> {
  try {
    return await run();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.log(message);
    const failures = [message.split('\n')[0] ?? ''];
    return { name, passed: 0, failed: 1, skipped: 0, failures, seconds: 0 };
  }
}

/** A test run keeps one of its VM's processors busy, and a development machine has two. Results in the order given. */
async function twoAtATime(runs: readonly (() => Promise<Stage>)[]): Promise<Stage[]> {
  const results: Stage[] = [];
  const waiting = [...runs.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results[next[0]] = await next[1]();
    }
  };
  await Promise.all([worker(), worker()]);
  return results;
}

async function runStages(options: TestOptions): Promise<Stage[]> {
  const stages: Stage[] = [];
  if (options.checks) stages.push(await attempt('checks', () => runChecks(root, heading)));
  if (options.unit) {
    stages.push(await attempt('unit', () => runOnHost('unit', root, options.jestArgs, heading)));
  }
  if (options.cluster && (await hasTests('cluster', root, options.jestArgs))) {
    stages.push(await attempt('cluster', () => runCluster(root, options.jestArgs, heading)));
  }
  if (options.e2e && (await hasTests('e2e', root, options.jestArgs))) {
    stages.push(await attempt('e2e', () => runOnHost('e2e', root, options.jestArgs, heading)));
  }
  if (options.kernels.includes('host')) {
    stages.push(await attempt('kernel host', () => runOnHost('kernel', root, options.jestArgs, heading)));
  }
  const vms = options.kernels.filter((kernel) => kernel !== 'host');
  if (vms.length > 0 && !(await hasVmTests(root, options.jestArgs))) {
    console.log(`\nNo test file for VMs matches: not booting ${vms.join(', ')}.`);
    return stages;
  }
  // Once, and here: VMs have no network. A test that cannot do without it says so.
  if (vms.length > 0) await otelCollectorBinary(console.error).catch(console.error);
  const runs = vms.map(
    (kernel) => () => attempt(`kernel ${kernel}`, () => runOnVm(kernel, root, options.jestArgs, heading)),
  );
  stages.push(...(await twoAtATime(runs)));
  return stages;
}

try {
  const options = parseOptions(process.argv.slice(2), knownKernels);
  if (options.help) {
    console.log(`${usage}Kernels: ${knownKernels.join(', ')}`);
  } else {
    const stages = await runStages(options);
    console.log(summary(stages).join('\n'));
    const nothing = nothingRan(stages, options);
    if (nothing !== undefined) console.error(nothing);
    process.exitCode = nothing !== undefined || sum(stages, 'failed') > 0 ? 1 : 0;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
