/** The projects of jest.config.js. */
export type JestProject = 'unit' | 'kernel' | 'cluster' | 'e2e';

/** A jest run: program arguments and environment, the same on the host and in a VM. */
export interface JestRun {
  project: JestProject;
  /** The repository. */
  root: string;
  /** Where jest writes its result as JSON. */
  resultFile: string;
  /** Left out: what the project itself sets. */
  testTimeoutSeconds?: number;
  args: readonly string[];
}

/** ES modules in jest need the flag; the warning about it is no news. */
export const jestEnvironment = {
  NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
};

/**
 * Arguments of node. The cache lies in the repository, so that a VM reads what the host's run has transformed; the
 * roots spare a VM listing every file of node_modules (5 s over 9p).
 */
export function jestArguments(run: JestRun): string[] {
  return [
    `${run.root}/node_modules/jest/bin/jest.js`,
    ...['--selectProjects', run.project],
    ...(run.project === 'unit' ? [] : ['--runInBand', '--roots', `${run.root}/test/${run.project}`]),
    ...['--cacheDirectory', `${run.root}/build/jest-cache`],
    ...(run.testTimeoutSeconds === undefined ? [] : ['--testTimeout', String(run.testTimeoutSeconds * 1000)]),
    ...['--passWithNoTests', '--json', '--outputFile', run.resultFile],
    ...run.args,
  ];
}
