import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** What to measure; undefined: what tracing costs. */
  suite: string | undefined;
  /** Variants to measure beside the bare load; empty: all. */
  only: readonly string[];
  /** openat() calls of one run, over both CPUs. */
  calls: number;
  /** Every variant runs once a round. */
  rounds: number;
  quick: boolean;
  /** Rows of `top`, agents of `controller`; undefined: as the aims say. */
  size: number | undefined;
  /** Put the result into docs/benchmarks.md. */
  write: boolean;
}

export const usage = `Usage: npm run bench -- [ingest|kernel|top|controller] [--quick] [--only NAME]… [--size N] [--rounds N] [--write]
  without a name: what tracing costs
  ingest       agents' frames into the store
  kernel       from the kernel into the store, on the same CPUs
  top          queries over 100 million events; --size N: over N
  controller   1,000 and 5,000 agents, 50 probes, 150,000 pods; --size N: N agents
  --quick      few calls, three rounds: to see that everything works, not to compare
  --only NAME  measures just this variant and the bare load; can be given several times
  --rounds N   so many runs of each instead of seven, or five of a suite
  --write      puts the result into docs/benchmarks.md`;

/** @throws TypeError in words when an option is unknown */
export function parseOptions(
  args: readonly string[],
  names: { suites: readonly string[]; variants: readonly string[] },
): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      size: { type: 'string' },
      rounds: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const [suite, ...more] = positionals;
  if (more.length > 0) throw new TypeError(`one suite at a time, not also ${more.join(' ')}`);
  if (suite !== undefined && !names.suites.includes(suite)) {
    throw new TypeError(`there is no suite '${suite}', only ${names.suites.join(', ')}`);
  }
  for (const name of values.only) {
    if (suite !== undefined) throw new TypeError(`--only is not for ${suite}: it has no variants`);
    if (!names.variants.includes(name)) {
      throw new TypeError(`there is no variant '${name}', only ${names.variants.join(', ')}`);
    }
  }
  const size = wholeNumber('--size', values.size);
  if (values.write && (values.quick || values.only.length > 0 || size !== undefined)) {
    throw new TypeError('--write takes a whole run: leave out --quick, --only and --size');
  }
  const { only, write, quick } = values;
  const usual = suite === undefined ? (quick ? 3 : 7) : quick ? 1 : 5;
  const rounds = wholeNumber('--rounds', values.rounds) ?? usual;
  return { suite, only, write, quick, size, rounds, calls: quick ? 100_000 : 2_000_000 };
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(Number.isSafeInteger(number) && number > 0)) {
    throw new TypeError(`${option} takes a whole number above 0, not '${text}'`);
  }
  return number;
}
