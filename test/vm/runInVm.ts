import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { atEnd } from './atEnd.ts';
import { consoleFailure } from './consoleFailure.ts';
import { provideInitramfs } from './initramfs.ts';
import type { Kernel } from './kernel.ts';
import { qemuArguments } from './qemuArguments.ts';
import { withScratchDirectory } from './scratchDirectory.ts';

const repository = resolve(new URL('../..', import.meta.url).pathname);

export interface VmRun {
  kernel: Kernel;
  /** A bash script, run as root in the repository. */
  command: string;
  /** Added to the kernel's command line, such as `preempt=full` or `lsm=lockdown` (the default has BPF LSM). */
  kernelArgs?: readonly string[];
  /** Environment of the command; Node 24 and node_modules/.bin are on its PATH anyway. */
  env?: Readonly<Record<string, string>>;
  /** A directory of this machine that the VM sees, and may write, as /run/share. */
  shareDirectory?: string;
  memoryMiB?: number;
  cpus?: number;
  /** After this the VM is killed and the run counts as hung. */
  timeoutSeconds?: number;
  /** Called with every line the command prints, as it does. */
  onLine?: (line: string) => void;
}

export interface VmResult {
  /** The command's exit status; undefined when the VM did not live to tell. */
  exitCode: number | undefined;
  /** What the command printed, standard output and standard error. */
  output: string;
  /** What the kernel printed on its console. */
  console: string;
  /** Why there is no exit code: panic, oops, hang, in words. */
  failure: string | undefined;
}

/**
 * Boots a VM, runs a command in it and powers it off. The VM's root is a copy-on-write view of this machine's root
 * with /tmp and /run of its own, so nothing that the command does to files stays, except in `shareDirectory`.
 * cgroup v2, bpffs, tracefs, debugfs and securityfs are mounted at the usual places; this machine's loopback is
 * 10.0.2.2. A failing command is a result, not an exception.
 */
export async function runInVm(run: VmRun): Promise<VmResult> {
  const { timeoutSeconds = 300 } = run;
  const initramfs = await provideInitramfs(run.kernel);
  return withScratchDirectory(async (scratch) => {
    const control = join(scratch, 'control');
    const emptyShare = join(scratch, 'share');
    await mkdir(control);
    await mkdir(emptyShare);
    await writeFile(join(control, 'repo'), repository);
    await writeFile(join(control, 'modules'), run.kernel.modules ?? '');
    await writeFile(join(control, 'command'), commandScript(run.command, run.env ?? {}));
    const consoleLog = join(scratch, 'console');

    const args = qemuArguments({
      image: run.kernel.image,
      initramfs,
      kernelArgs: run.kernelArgs ?? [],
      memoryMiB: run.memoryMiB ?? 2048,
      cpus: run.cpus ?? 2,
      consoleLog,
      shares: { control, share: run.shareDirectory ?? emptyShare },
      // By choice only: a /dev/kvm that is there may still fail, as it does in some VMs of clouds.
      accelerator: process.env['TRACEPROBE_VM_ACCEL'] === 'kvm' ? 'kvm' : 'tcg',
    });
    const machine = await runQemu(args, timeoutSeconds, run.onLine);

    const consoleText = await readFile(consoleLog, 'utf8').catch(() => '');
    const exit = await readFile(join(control, 'exit'), 'utf8').catch(() => '');
    const exitCode = exit === '' ? undefined : Number(exit);
    return {
      exitCode,
      output: machine.output,
      console: consoleText,
      failure: exitCode === undefined ? explain(machine, consoleText, timeoutSeconds) : undefined,
    };
  });
}

interface MachineRun {
  output: string;
  /** What qemu itself had to say. */
  complaints: string;
  timedOut: boolean;
}

/** Runs qemu to its end, which comes with this process's at the latest. */
async function runQemu(
  args: readonly string[],
  timeoutSeconds: number,
  onLine: ((line: string) => void) | undefined,
): Promise<MachineRun> {
  // setpriv: the kernel kills qemu when this process dies, be it by SIGKILL.
  const qemu = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
    // An input that stays open: at its end qemu would close the port "output" and the VM's writes would block.
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // a terminal's Ctrl-C is ours to act on
  });
  const kill = (): void => {
    qemu.kill('SIGKILL');
  };
  const takeBack = atEnd(kill);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, timeoutSeconds * 1000);

  const lines: string[] = [];
  createInterface({ input: qemu.stdout, crlfDelay: Infinity }).on('line', (line) => {
    lines.push(line);
    onLine?.(line);
  });
  let complaints = '';
  qemu.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  try {
    await new Promise<void>((done, reject) => {
      qemu.on('error', reject).on('close', () => {
        done();
      });
    });
  } finally {
    clearTimeout(timer);
    takeBack();
  }
  return { output: lines.map((line) => `${line}\n`).join(''), complaints, timedOut };
}

function explain(machine: MachineRun, consoleText: string, timeoutSeconds: number): string {
  const words = consoleFailure(consoleText);
  if (machine.timedOut) {
    const hung = `no result after ${timeoutSeconds} s, the VM was killed`;
    return words === undefined ? hung : `${hung}; ${words}`;
  }
  return words ?? `the VM ended without a result: ${machine.complaints.trim() || 'qemu says nothing'}`;
}

function commandScript(command: string, env: Readonly<Record<string, string>>): string {
  const bin = join(repository, 'node_modules');
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [`PATH=${quote(`${bin}/.bin`)}:$PATH`, ...exports, command, ''].join('\n');
}

/** A string as one word of a shell. */
export function quote(text: string): string {
  return /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
