import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kubernetesBinaries } from '../../test/cluster/binaries/kubernetesBinaries.ts';
import { cacheDirectory } from '../../test/vm/cacheDirectory.ts';
import { provideKernel } from '../../test/vm/kernels.ts';
import { quote, runInVm, type VmResult } from '../../test/vm/runInVm.ts';
import { withScratchDirectory } from '../../test/vm/scratchDirectory.ts';
import { jestArguments, jestEnvironment, type JestProject } from './jestCommand.ts';
import { jestResult } from './jestResult.ts';
import { runProcess } from './runProcess.ts';
import type { Stage } from './stage.ts';

/** Kernel arguments by VM kernel: what preemption does to probes does not show without `full`. */
const kernelArgs: Readonly<Record<string, readonly string[]>> = {
  '6.1-override': ['preempt=full'],
  '7.2': ['preempt=full'],
};

/** How long a stage on this machine may take, and each of its tests where the project does not say so itself. */
const hostLimits: Readonly<Record<JestProject, { timeoutSeconds: number; testTimeoutSeconds?: number }>> = {
  unit: { timeoutSeconds: 1800, testTimeoutSeconds: 30 },
  kernel: { timeoutSeconds: 1800, testTimeoutSeconds: 30 },
  cluster: { timeoutSeconds: 1800 },
  // The first time its images are built.
  e2e: { timeoutSeconds: 3600 },
};
/** A VM's processor is emulated, about 16 times slower. */
const vmTestTimeoutSeconds = 240;
const vmTimeoutSeconds = 1800;

/** Tests of what does not differ between kernels, or takes too long in an emulated machine: only on the host. */
const notOnHost = ['--testPathIgnorePatterns', String.raw`\.host\.test\.ts$`];

/** Whether any test file for VMs matches jest's arguments, so that one is worth booting. */
export function hasVmTests(root: string, args: readonly string[]): Promise<boolean> {
  return hasTests('kernel', root, [...args, ...notOnHost]);
}

/** Whether any test file of a project matches jest's arguments. */
export async function hasTests(
  project: JestProject,
  root: string,
  args: readonly string[],
): Promise<boolean> {
  const jest = jestArguments({ project, root, resultFile: '', args });
  const env = { ...process.env, ...jestEnvironment };
  const list = promisify(execFile)(process.execPath, [...jest, '--listTests'], { cwd: root, env });
  return (await list).stdout.includes('.test.ts');
}

/** Runs a jest project on this machine. */
export async function runOnHost(
  project: JestProject,
  root: string,
  args: readonly string[],
  heading: (title: string) => void,
): Promise<Stage> {
  const name = project === 'kernel' ? 'kernel host' : project;
  heading(project === 'kernel' ? `${name} (${release()})` : name);
  return withScratchDirectory(async (directory) => {
    const resultFile = join(directory, 'result.json');
    const started = performance.now();
    const { timeoutSeconds, ...limits } = hostLimits[project];
    const jest = jestArguments({ project, root, resultFile, ...limits, args });
    const ending = await runProcess(process.execPath, jest, {
      cwd: root,
      env: { ...jestEnvironment, TRACEPROBE_TEST_KERNEL: 'host' },
      timeoutSeconds,
    });
    const json = existsSync(resultFile) ? await readFile(resultFile, 'utf8') : undefined;
    return { name, ...jestResult(json, ending, root), seconds: (performance.now() - started) / 1000 };
  });
}

/** Runs the cluster project, once there is a Kubernetes for it (minutes the first time, or why there is none). */
export async function runCluster(
  root: string,
  args: readonly string[],
  heading: (title: string) => void,
): Promise<Stage> {
  await kubernetesBinaries(console.error);
  return runOnHost('cluster', root, args, heading);
}

/** Runs the kernel project in a VM; its lines carry the kernel's name, for another VM may print meanwhile. */
export async function runOnVm(
  kernelName: string,
  root: string,
  args: readonly string[],
  heading: (title: string) => void,
): Promise<Stage> {
  const bootArgs = kernelArgs[kernelName] ?? [];
  const kernel = await provideKernel(kernelName, cacheDirectory(), console.log);
  heading(['kernel', kernelName, `(${[kernel.release, ...bootArgs].join(' ')})`].join(' '));
  const print = (text: string): void => {
    for (const line of text.split('\n')) console.log(`${kernelName} | ${line}`);
  };
  return withScratchDirectory(async (directory) => {
    const started = performance.now();
    const jest = jestArguments({
      project: 'kernel',
      root,
      resultFile: '/run/share/result.json',
      testTimeoutSeconds: vmTestTimeoutSeconds,
      args: [...args, ...notOnHost], // in this order: the option takes every pattern after it
    });
    const runOnce = (): Promise<VmResult> =>
      runInVm({
        kernel,
        kernelArgs: bootArgs,
        command: ['node', ...jest].map(quote).join(' '),
        env: { ...jestEnvironment, TRACEPROBE_TEST_KERNEL: kernelName },
        shareDirectory: directory,
        timeoutSeconds: vmTimeoutSeconds,
        onLine: print,
      });
    let run = await runOnce();
    if (run.failure !== undefined && run.output === '') {
      print(`${run.failure} before the first test; once more`);
      run = await runOnce();
    }
    if (run.failure !== undefined) {
      print(`The end of its console:\n${run.console.trimEnd().split('\n').slice(-80).join('\n')}`);
    }
    const ending =
      run.failure ?? (run.exitCode === 0 ? undefined : `it ended with status ${String(run.exitCode)}`);
    const resultFile = join(directory, 'result.json');
    const json = existsSync(resultFile) ? await readFile(resultFile, 'utf8') : undefined;
    return {
      name: `kernel ${kernelName}`,
      ...jestResult(json, ending, root),
      seconds: (performance.now() - started) / 1000,
    };
  });
}
