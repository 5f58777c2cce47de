import { hostname } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { InlineProbe } from '../../api/index.ts';
import type { CliContext } from '../cliContext.ts';
import { usageError } from '../cliError.ts';
import { duration } from './duration.ts';
import { outputFormats, type RunOutput } from '../output/outputFormat.ts';
import { addReadOptions, type ReadOptions } from '../read/readOptions.ts';
import { smallNursery } from '../smallNursery.ts';

interface Options extends ReadOptions {
  attach?: string;
  capture: string[];
  filter?: string;
  binary?: string;
  name?: string;
  for?: string;
  count?: number;
  output: RunOutput;
  store?: string | true;
  watch: boolean;
  node: string;
  cluster: boolean;
}

/** `traceprobe run` */
export function runCommand(context: CliContext): Command {
  const command = new Command('run')
    .summary('run TraceProbes on this machine and show their events')
    .description(
      `Runs TraceProbes on this machine until Ctrl-C and shows their events as they happen.
At the end the account of each probe goes to standard error: where every hit went, shown, filtered or lost.`,
    )
    .argument('[FILE...]', 'YAML or JSON files with any number of TraceProbes; - is standard input')
    .option('--attach <TYPE/TARGET>', 'trace this instead of, or beside, what files say: kprobe/vfs_unlink')
    .option('--capture <FIELD...>', 'with --attach: what to capture, PATH, NAME=PATH or NAME:TYPE=PATH', [])
    .option('--binary <PATH>', 'with --attach uprobe/…: the program or library that has the function')
    .option('--name <NAME>', 'with --attach: name of the probe')
    .option('--filter <CEL>', "show only events for which this holds, beside the probes' own filters")
    .option('--for <DURATION>', 'stop after this time, such as 30s or 1h30m', duration)
    .option('--count <N>', 'stop after this many events', count)
    .addOption(
      new Option('-o, --output <FORMAT>', 'how events are shown')
        .choices([...outputFormats, 'none'])
        .default('table'),
    )
    .option(
      '--store [DIR]',
      'store events as well, to be asked by "traceprobe sql --local" and its like; DIR is left out most often',
    )
    .option('--watch', 'apply files again when they change, without a gap', false)
    .option('--node <NAME>', 'what events call this machine', hostname())
    .option(
      '--cluster',
      'with --attach: run it on the nodes of the cluster, until it ends here (kubectl traceprobe run means this)',
      context.isPlugin ?? false,
    )
    .addHelpText('after', examples);
  return addReadOptions(command).action(async (files: string[], options: Options) => {
    smallNursery();
    if (options.cluster) {
      const { runOnCluster } = await import('../clusterRun/runOnCluster.ts');
      const { output } = options;
      if (output === 'none' || options.store !== undefined) {
        throw usageError(
          '-o none and --store are for runs on this machine: a cluster has a store of its own',
        );
      }
      const inline = clusterInline(files, options);
      await runOnCluster({ ...options, output, inline, for: options.for, count: options.count }, context);
      return;
    }
    const run = toRunOptions(files, options);
    const { runProbes } = await import('../run/runProbes.ts');
    context.exitCode = await runProbes(run, context);
  });
}

function toRunOptions(files: string[], options: Options): import('../run/runProbes.ts').RunOptions {
  const { attach, capture, binary, name, filter, watch, node, output } = options;
  const given = Object.entries({ '--capture': capture[0], '--binary': binary, '--name': name });
  const without = given.find(([, value]) => value !== undefined);
  if (attach === undefined && without !== undefined) throw usageError(`${without[0]} goes with --attach`);
  if (watch && !files.some((file) => file !== '-')) throw usageError('--watch needs a FILE to watch');
  return {
    files,
    inline: attach === undefined ? undefined : { attach, capture, binary, name },
    filter,
    for: options.for,
    count: options.count,
    output,
    store: options.store,
    watch,
    node,
  };
}

/** What a run on the cluster makes: one probe, which is gone at its end. */
function clusterInline(files: string[], options: Options): InlineProbe {
  const { attach, capture, binary, name, filter, watch } = options;
  if (files.length > 0) {
    throw usageError(
      `on a cluster, files are applied: kubectl apply -f ${files.join(' -f ')}`,
      'and then watched: kubectl traceprobe watch NAME',
    );
  }
  if (attach === undefined) throw usageError('say what to trace: --attach TYPE/TARGET');
  if (watch) throw usageError('--watch goes with a FILE on this machine');
  return { attach, capture, binary, name, filter };
}

function count(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(text);
}

const examples = `
Examples:
  traceprobe run examples/processes.yaml
  traceprobe run slow-opens.yaml --filter 'comm == "nginx"' --for 30s -o json > events.jsonl
  traceprobe run --attach syscall/openat --capture filename retval --filter 'retval < 0'
  traceprobe run --attach kprobe/vfs_unlink --capture name=args.dentry.d_name.name --count 10
  traceprobe run slow-opens.yaml --store -o none
  traceprobe run --attach uprobe/getaddrinfo --binary /lib/x86_64-linux-gnu/libc.so.6
  kubectl traceprobe run --attach syscall/openat --filter 'retval < 0' --for 30s
`;
