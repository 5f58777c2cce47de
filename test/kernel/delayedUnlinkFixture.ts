import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UnlinkHooks, type UnlinkEvent, type UnlinkRule } from '../../src/agent/delayedUnlink/unlinkHooks.ts';
import type { HeldEntry, UnlinkHooksOptions } from '../../src/agent/delayedUnlink/unlinkHooks.ts';
import { KernelFeatures } from '../../src/bpf/index.ts';
import { parsePathPattern } from '../../src/probe/delayedUnlink/pathPattern.ts';
import type { DelayedUnlinkPlan, ProbePlan } from '../../src/probe/plan.ts';

/** Whether callers can be told on this kernel that they have succeeded. */
export function canOverride(): boolean {
  using features = new KernelFeatures();
  return (['kretprobe', 'kprobeOverride'] as const).every((name) => features.probe(name).supported);
}

/** A tmpfs of its own, whose inodes the kernel and stat() number alike. */
export class Scratch implements Disposable {
  readonly path = mkdtempSync('/run/delayed-unlink-');

  constructor() {
    execFileSync('mount', ['-t', 'tmpfs', 'scratch', this.path]);
  }

  /** The path of a name. */
  at(...names: string[]): string {
    return join(this.path, ...names);
  }

  directory(...names: string[]): string {
    mkdirSync(this.at(...names), { recursive: true });
    return this.at(...names);
  }

  file(name: string, text = ''): string {
    writeFileSync(this.at(name), text);
    return this.at(name);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['--lazy', this.path]);
    rmSync(this.path, { recursive: true });
  }
}

/** *.log at any depth below a directory, in slot 0, with ample limits. */
export function logsBelow(root: string, changes: Partial<UnlinkRule> = {}): UnlinkRule {
  return {
    ...{ slot: 0, probe: 'one', root, depth: 'any', prefix: '', suffix: '.log', mode: 'Hold' },
    ...{ maxHeldFiles: 10_000, maxHeldBytes: 1n << 30n },
    ...changes,
  };
}

/** A probe that keeps *.log at any depth below a directory, for as long as it takes. */
export function planToKeep(
  root: string,
  positions: DelayedUnlinkPlan['positions'],
  changes: Partial<DelayedUnlinkPlan> = {},
  uid = 'keep',
): ProbePlan {
  return {
    ...{ name: uid, uid, generation: 1n, rate: 0, cpuPercent: 100, builtin: undefined, points: [] },
    delayedUnlink: {
      patterns: [parsePathPattern(`${root}/**/*.log`)],
      ...{ positions, maxDelayMilliseconds: 3_600_000, maxHeldBytes: 1n << 30n, maxHeldFiles: 10_000 },
      ...{ minFreeDiskPercent: 0, mode: 'Hold' },
      ...changes,
    },
  };
}

/** Hooks with rules in force; closed, nothing of them stays. */
export function openHooks(
  attach: UnlinkHooksOptions['attach'],
  rules: UnlinkRule[],
  options: Partial<UnlinkHooksOptions> = {},
): UnlinkHooks {
  // Emulated, a test can be long between two heartbeats.
  const hooks = UnlinkHooks.open({ attach, graceMilliseconds: 600_000, ...options });
  const failed = hooks.setRules(rules);
  if (failed.length > 0) throw new AggregateError(failed.map(({ error }) => error));
  return hooks;
}

export function eventsOf(hooks: UnlinkHooks): UnlinkEvent[] {
  const events: UnlinkEvent[] = [];
  hooks.drain((event) => events.push(event));
  return events;
}

/** The names of events with their files, in order: "Held a.log". */
export function storyOf(hooks: UnlinkHooks): string[] {
  return eventsOf(hooks).map((event) =>
    [event.type, ...(event.type === 'Passed' ? [event.reason] : []), event.path ?? '?'].join(' '),
  );
}

/** What unlink() of a path answers, in a process of its own: 0 or an errno. `prefix`: a command to run it by. */
export function unlinkIn(path: string, ...prefix: string[]): number {
  const words = [...prefix, 'perl', '-e', 'exit(unlink($ARGV[0]) ? 0 : $!+0)', path];
  const { status, stderr } = spawnSync(words[0] ?? '', words.slice(1), { encoding: 'utf8' });
  if (status === null || stderr !== '') throw new Error(`${words.join(' ')}: ${stderr}`);
  return status;
}

/** 0 or the errno of what a call threw. */
export function errnoOf(call: () => void): number {
  try {
    call();
    return 0;
  } catch (error) {
    return -((error as NodeJS.ErrnoException).errno ?? 0);
  }
}

/** The one file that is held. */
export function onlyHeld(hooks: UnlinkHooks): HeldEntry {
  const [entry, ...others] = hooks.held();
  if (entry === undefined || others.length > 0)
    throw new Error(`${hooks.held().length} files are held, not one`);
  return entry;
}
