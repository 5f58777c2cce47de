import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Variants to measure beside the bare load; empty: all. */
  only: readonly string[];
  /** openat() calls of one run, over both CPUs. */
  calls: number;
  /** Every variant runs once a round. */
  rounds: number;
  /** Put the result into docs/benchmarks.md. */
  write: boolean;
}

export const usage = `Usage: npm run bench -- [--quick] [--only NAME]… [--write]
  --quick      few calls, three rounds: to see that everything works, not to compare
  --only NAME  measures just this variant and the bare load; can be given several times
  --write      puts the result into docs/benchmarks.md`;

/** @throws TypeError in words when an option is unknown */
export function parseOptions(args: readonly string[], names: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      write: { type: 'boolean', default: false },
    },
  });
  for (const name of values.only) {
    if (!names.includes(name)) throw new TypeError(`there is no variant '${name}', only ${names.join(', ')}`);
  }
  if (values.write && (values.quick || values.only.length > 0)) {
    throw new TypeError('--write takes a whole run: leave out --quick and --only');
  }
  const size = values.quick ? { calls: 100_000, rounds: 3 } : { calls: 2_000_000, rounds: 7 };
  return { only: values.only, write: values.write, ...size };
}
