export interface TestOptions {
  /** Format, lint, types and the like. */
  checks: boolean;
  unit: boolean;
  /** The tests on a real API server. */
  cluster: boolean;
  /** The tests of image and chart on two nodes. */
  e2e: boolean;
  /** Kernels to run the kernel tests on: "host" and names of VM kernels. */
  kernels: readonly string[];
  /** Passed to jest: regular expressions of test file paths, and its own options. */
  jestArgs: readonly string[];
  help: boolean;
}

export const usage = `Usage: npm test [-- [--unit] [--cluster] [--e2e] [--kernel NAME]… [PATTERN | JEST-OPTION]…]
Without a choice: checks, unit tests, cluster and end-to-end tests, then the kernel tests on every kernel.
  --unit           only the unit tests
  --cluster        only the tests on a real Kubernetes API server (built once, which takes minutes)
  --e2e            only the tests of image and chart on two nodes of kind (image and nodes are built once)
  --kernel NAME    only the kernel tests, on this kernel; may be repeated
  PATTERN          only test files whose path matches, at least one; no checks then
`;

/** Reads the arguments of `npm test --`. Throws an Error for an unknown kernel. */
export function parseOptions(args: readonly string[], knownKernels: readonly string[]): TestOptions {
  const kernels: string[] = [];
  const jestArgs: string[] = [];
  let unit = false;
  let cluster = false;
  let e2e = false;
  let help = false;
  const rest = args.flatMap((arg) => (arg.startsWith('--kernel=') ? ['--kernel', arg.slice(9)] : [arg]));
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--unit') unit = true;
    else if (arg === '--cluster') cluster = true;
    else if (arg === '--e2e') e2e = true;
    else if (arg === '--help') help = true;
    else if (arg === '--kernel') kernels.push(knownKernel(rest.shift(), knownKernels));
    else jestArgs.push(arg);
  }
  const chosen = unit || cluster || e2e || kernels.length > 0;
  return {
    checks: !chosen && jestArgs.length === 0,
    unit: unit || !chosen,
    cluster: cluster || !chosen,
    e2e: e2e || !chosen,
    kernels: chosen ? kernels : knownKernels,
    jestArgs,
    help,
  };
}

function knownKernel(name: string | undefined, known: readonly string[]): string {
  if (name !== undefined && known.includes(name)) return name;
  throw new Error(`--kernel takes one of ${known.join(', ')}, not ${name ?? 'nothing'}`);
}
