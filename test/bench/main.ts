// `npm run bench`: what tracing costs, TraceProbe beside others, in one run. --help tells the options.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../vm/cacheDirectory.ts';
import { execute } from '../vm/execute.ts';
import type { Figures } from './aims.ts';
import { provideBpftrace, type Bpftrace } from './bpftrace.ts';
import { buildPrograms } from './buildPrograms.ts';
import { controller } from './controller/controllerSuite.ts';
import { machineFacts } from './machineFacts.ts';
import { markdownTable } from './markdownTable.ts';
import { measure, measureBare, type Conditions, type Run } from './measure.ts';
import { measureMemory } from './measureMemory.ts';
import { parseOptions, usage, type BenchOptions } from './options.ts';
import { report } from './report.ts';
import { ingest } from './scale/ingest.ts';
import { kernel } from './scale/kernel.ts';
import type { Suite } from './scale/suite.ts';
import { top } from './scale/top.ts';
import { summarize } from './summarize.ts';
import { variants, type Variant } from './variants.ts';
import { writeBetween } from './writeBetween.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const document = join(root, 'docs/benchmarks.md');
/** --write replaces what is between these. */
const marks = ['<!-- measured -->', '<!-- /measured -->'] as const;

const suites: readonly Suite[] = [ingest, kernel, top, controller];

/** Load average that the building before this run may have left behind. */
const quiet = 1.5;

const say = (line: string): void => {
  console.error(line);
};

/** Every variant once a round, so that noise hits all alike. */
async function measureRounds(
  selected: readonly Variant[],
  rounds: number,
  conditions: Conditions,
): Promise<Pick<Figures, 'bare' | 'variants'>> {
  const bare: Run[] = [];
  const runs = new Map<string, Run[]>(selected.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    bare.push(await measureBare(conditions));
    for (const variant of selected) {
      say(`round ${round} of ${rounds}: ${variant.name}`);
      const run = await measure(variant, conditions);
      if (run) runs.get(variant.name)?.push(run);
    }
  }
  const measured = [...runs].filter(([, own]) => own.length > 0);
  return {
    bare: summarize(bare, bare),
    variants: new Map(measured.map(([name, own]) => [name, summarize(own, bare)])),
  };
}

async function bpftraceIfAny(selected: readonly Variant[]): Promise<Bpftrace | undefined> {
  if (!selected.some(({ name }) => name.startsWith('bpftrace'))) return undefined;
  try {
    return await provideBpftrace(cacheDirectory(), say);
  } catch (error) {
    say(`bpftrace is left out: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** The first two CPUs that this process may use. */
async function twoCpus(): Promise<number[]> {
  const list = (await execute('taskset', ['-cp', String(process.pid)])).trim().replace(/^.*: /, '');
  const cpus = list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  if (cpus.length < 2) throw new Error('the benchmark takes two CPUs, and this process may use only one');
  return cpus.slice(0, 2);
}

async function bench(options: BenchOptions): Promise<void> {
  const selected = variants.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const directory = join(root, 'build/bench');
  await buildPrograms(fileURLToPath(new URL('.', import.meta.url)), directory);
  const bpftrace = await bpftraceIfAny(selected);
  const cpus = await twoCpus();
  const [busy = 0] = loadavg();
  if (busy > quiet)
    say(`the machine is busy (load average ${busy.toFixed(1)}): all figures will be too high`);
  // In memory, so that no disk is measured.
  const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'traceprobe-bench-'));
  try {
    const place = { directory, output: join(scratch, 'events'), bpftrace };
    const conditions = { place, cpus, calls: options.calls };
    const rounds = await measureRounds(selected, options.rounds, conditions);
    const figures: Figures = { ...rounds };
    if (options.only.length === 0) {
      say('memory of fifty probes');
      figures.memory = {
        single: await measureMemory('single', conditions, options.rounds),
        pair: await measureMemory('pair', conditions, options.rounds),
      };
    }
    const text = report(figures, variants, [
      ...machineFacts(cpus),
      ...(busy > quiet
        ? [`measured while the machine was busy with something else: load average ${busy.toFixed(1)}`]
        : []),
      `bpftrace ${bpftrace?.version ?? 'not measured'}`,
      `${options.calls.toLocaleString('en')} calls a run, medians of ${options.rounds} runs`,
      `${new Date().toISOString().slice(0, 10)}, \`npm run bench${options.write ? ' -- --write' : ''}\``,
    ]);
    console.log(text);
    if (options.write) {
      writeBetween(document, marks, text);
      say(`written to ${document}`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** One of the suites: see --help. */
async function benchSuite(suite: Suite, options: BenchOptions): Promise<void> {
  const build = join(root, 'build/bench');
  if (suite.needsPrograms) await buildPrograms(fileURLToPath(new URL('.', import.meta.url)), build);
  const cpus = await twoCpus();
  const [busy = 0] = loadavg();
  const scratch = mkdtempSync(join(tmpdir(), 'traceprobe-bench-'));
  try {
    const { quick, size, rounds } = options;
    const { aims, parts } = await suite.measure({ rounds, quick, size, cpus, scratch, build, say });
    const facts = [
      ...machineFacts(cpus),
      ...(busy > quiet
        ? [`measured while the machine was busy with something else: load average ${busy.toFixed(1)}`]
        : []),
      rounds === 1 ? 'one run' : `medians of ${rounds} runs`,
      `${new Date().toISOString().slice(0, 10)}, \`npm run bench -- ${suite.name}${options.write ? ' --write' : ''}\``,
    ];
    const text = `${[
      facts.map((fact) => `- ${fact}`).join('\n'),
      markdownTable(
        ['aim', 'measured', ''],
        aims.map(({ aim, measured, met }) => [aim, measured, met ? 'met' : '**missed**']),
      ),
      ...parts,
    ].join('\n\n')}\n`;
    console.log(text);
    if (options.write) {
      writeBetween(document, [`<!-- measured ${suite.name} -->`, `<!-- /measured ${suite.name} -->`], text);
      say(`written to ${document}`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (process.argv.includes('--help')) {
  console.log(usage);
} else {
  let options: BenchOptions | undefined;
  try {
    options = parseOptions(process.argv.slice(2), {
      suites: suites.map(({ name }) => name),
      variants: variants.map(({ name }) => name),
    });
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exitCode = 2;
  }
  const suite = suites.find(({ name }) => name === options?.suite);
  if (options) await (suite ? benchSuite(suite, options) : bench(options));
}
