import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterEach, expect, test } from '@jest/globals';
import { imbalance, lossReasons } from '../../src/agent/account.ts';
import { CpuBudget, type OverBudget } from '../../src/agent/cpuBudget.ts';
import { Host } from '../../src/agent/host.ts';
import { inlineProbe } from '../../src/api/index.ts';
import { enableStats, KernelFeatures, type FeatureName } from '../../src/bpf/index.ts';
import { compileProbe } from '../../src/probe/compile.ts';
import type { ProbePlan } from '../../src/probe/plan.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';

/** getppid() as fast as a CPU can, until killed: about a million times a second where nothing is emulated. */
const flood = `process.stdout.write('flooding\\n'); for (;;) process.ppid;`;

/** Hooks that every such call comes by; __task_pid_nr_ns is the function that looks the number up. */
const hooks: readonly { attach: string; needs: FeatureName }[] = [
  { attach: 'raw_tracepoint/sys_enter', needs: 'rawTracepoint' },
  { attach: 'syscall/getppid', needs: 'tracepoint' },
  { attach: 'kprobe/__task_pid_nr_ns', needs: 'kprobe' },
  { attach: 'fentry/__task_pid_nr_ns', needs: 'fentry' },
];

type Child = ChildProcessByStdio<Writable, Readable, null>;
const children: Child[] = [];
let host: Host | undefined;

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await host?.close();
  host = undefined;
});

function start(command: string, ...args: string[]): Child {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

/**
 * A flood on each of two CPUs, under way. It begins after its hook is attached and ends before that is detached: QEMU 7.2
 * emulating 6.12 was seen to run into address 0 where one CPU executes what another one is patching.
 */
async function startFloods(): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const child = start(process.execPath, '-e', flood);
    await once(child.stdout, 'data');
  }
}

/** Another process answers, again and again: whoever is traced, the machine gets on. */
async function expectEchoes(count: number): Promise<void> {
  const cat = start('cat');
  const lines = createInterface(cat.stdout)[Symbol.asyncIterator]();
  for (let i = 0; i < count; i++) {
    cat.stdin.write(`${i}\n`);
    expect(await lines.next()).toEqual({ done: false, value: String(i) });
  }
}

function compile(attach: string, limits: Partial<Pick<ProbePlan, 'rate' | 'cpuPercent'>>): ProbePlan {
  using kernel = runningKernel();
  return { ...compileProbe(inlineProbe({ attach }).probe, kernel), ...limits };
}

for (const { attach, needs } of hooks) {
  /** False: not on this kernel. */
  const supported = (): boolean => {
    using features = new KernelFeatures();
    const feature = features.probe(needs);
    if (!feature.supported) console.log(`${attach}: not on this kernel: ${feature.reason ?? ''}`);
    return feature.supported;
  };

  test(`a flood of ${attach} is held to its rate, every hit is accounted for, and others get their turn`, async () => {
    if (!supported()) return;
    let rows = 0;
    host = new Host({
      onBatches: (batches) => {
        for (const batch of batches) rows += batch.rows;
      },
    });
    const plan = compile(attach, { rate: 100 });
    const began = performance.now();
    await host.apply(plan);
    await startFloods();
    await expectEchoes(50);
    // It is a flood only when there is more than its rate lets through.
    while ((host.account(plan.uid).lost.rate ?? 0n) < 10_000n) await expectEchoes(1);
    await host.suspend(plan.uid);
    const account = host.account(plan.uid);
    const seconds = (performance.now() - began) / 1000;

    expect(imbalance(account)).toEqual({ kernel: 0n, delivery: 0n });
    expect(account.delivered).toBe(BigInt(rows));
    expect(rows).toBeGreaterThan(0);
    // A second's worth at the beginning, and then as many as the seconds that it ran.
    expect(rows).toBeLessThanOrEqual(100 * (1 + seconds));
    expect(lossReasons).toEqual(expect.arrayContaining(Object.keys(account.lost)));
  }, 120_000);

  test(`a flood of ${attach} that takes more than its share of the CPUs is switched off`, async () => {
    if (!supported()) return;
    const running = new Host({ onBatches: () => undefined });
    host = running;
    const plan = compile(attach, { rate: 0, cpuPercent: 1 });
    await running.apply(plan);
    await startFloods();
    const over = await new Promise<OverBudget>((resolve, reject) => {
      const budget = new CpuBudget({
        host: running,
        measure: enableStats,
        intervalMilliseconds: 200,
        sampleMilliseconds: 50,
        onOverBudget: (suspended) => {
          budget.close();
          resolve(suspended);
        },
        onUnmeasurable: reject,
      });
    });
    expect(over.probe.uid).toBe(plan.uid);
    expect(over.percent).toBeGreaterThan(1);
    // Nothing of it runs any more, though the flood goes on.
    const { attempted } = running.account(plan.uid);
    await expectEchoes(20);
    const account = running.account(plan.uid);
    expect(account.attempted).toBe(attempted);
    expect(imbalance(account)).toEqual({ kernel: 0n, delivery: 0n });
  }, 120_000);
}
