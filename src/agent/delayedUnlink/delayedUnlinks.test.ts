import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { parsePathPattern } from '../../probe/delayedUnlink/pathPattern.ts';
import type { ProbePlan } from '../../probe/plan.ts';
import { DelayedUnlinks } from './delayedUnlinks.ts';
import type { FileEvent } from './fileEvent.ts';
import { keyOf, type FileKey } from './fileKey.ts';
import type { HeldEntry, UnlinkEvent, UnlinkHooks, UnlinkRule } from './unlinkHooks.ts';

let directory: string;
let events: FileEvent[];
let hooks: StandIn;
let unlinks: DelayedUnlinks;

/** A kernel that holds what it is told to. What the real one does is tested in test/kernel. */
class StandIn {
  readonly entries = new Map<string, HeldEntry>();
  readonly enrolled: string[] = [];
  readonly lostEvents = 0n;
  #onEvent: (event: UnlinkEvent) => void = () => undefined;

  /** Of a file in the directory; as the first probe's. */
  hold(name: string): string {
    const path = join(directory, name);
    writeFileSync(path, 'unread\n');
    const key = { device: 1n, inode: BigInt(this.entries.size), generation: 0 };
    const place = { root: key, rootPath: directory, path: name };
    const who = { pid: 1, uid: 0, comm: 'kubelet', cgroup: 0n, time: process.hrtime.bigint() };
    const entry = { key, slot: 0, size: 7n, bytes: 4096n, ...place, ...who };
    this.entries.set(keyOf(key), entry);
    this.#onEvent({ ...entry, type: 'Held' });
    return path;
  }

  listen(onEvent: (event: UnlinkEvent) => void): void {
    this.#onEvent = onEvent;
  }
  setRules(rules: readonly UnlinkRule[]): { rule: UnlinkRule; error: Error }[] {
    return rules
      .filter(({ root }) => !existsSync(root))
      .map((rule) => ({ rule, error: new Error('ENOENT') }));
  }
  held(): HeldEntry[] {
    return [...this.entries.values()];
  }
  heldFile(key: FileKey): HeldEntry | undefined {
    return this.entries.get(keyOf(key));
  }
  remove(key: FileKey, unlink: () => void): 'removed' {
    unlink();
    this.entries.delete(keyOf(key));
    return 'removed';
  }
  probeOf(): string {
    return '';
  }
  enrol(path: string): void {
    this.enrolled.push(path);
  }
  beat(): void {
    // It never thinks that the agent is gone.
  }
  close(): void {
    // Nothing is open.
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

function plan(...paths: string[]): ProbePlan {
  const delayedUnlink = {
    patterns: paths.map((path) => parsePathPattern(path)),
    ...{ positions: undefined, maxDelayMilliseconds: 3_600_000, minFreeDiskPercent: 0, mode: 'Hold' },
    ...{ maxHeldBytes: 1n << 30n, maxHeldFiles: 100 },
  };
  return { uid: 'p', name: 'logs', delayedUnlink } as unknown as ProbePlan;
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['performance', 'hrtime', 'Date'] });
  directory = mkdtempSync(join(tmpdir(), 'delayed-unlinks-'));
  events = [];
  hooks = new StandIn();
  unlinks = new DelayedUnlinks({
    openHooks: () => hooks as unknown as UnlinkHooks,
    tell: (_, event) => events.push(event),
    log: () => undefined,
  });
});
afterEach(async () => {
  jest.useRealTimers();
  await unlinks.close();
  rmSync(directory, { recursive: true, force: true });
});

const story = (): string[] => events.map(({ action, why }) => `${action} ${why}`.trim());

test('a log that was rotated before it was deleted is kept, under its new name', () => {
  unlinks.apply(plan(`${directory}/*.log`));
  const rotated = hooks.hold('0.log.20260101-000000');
  expect(story()).toEqual(['Held']);
  expect(unlinks.list()).toMatchObject([{ probe: 'logs', path: rotated, maxDelayMilliseconds: 3_600_000 }]);
  // Another pattern, for files in the same directory: what it was marked for still holds.
  unlinks.apply(plan(`${directory}/0*.log`));
  expect(existsSync(rotated)).toBe(true);
  unlinks.apply(plan('/var/log/elsewhere/*.log'));
  expect(story()).toEqual(['Held', 'Deleted ProbeGone']);
  expect(existsSync(rotated)).toBe(false);
});

test('when the patterns change, what they mean no longer is deleted at once', () => {
  unlinks.apply(plan(`${directory}/*.log`));
  const path = hooks.hold('a.log');
  unlinks.apply(plan(`${directory}/*.txt`));
  expect(story()).toEqual(['Held', 'Deleted ProbeGone']);
  expect(existsSync(path)).toBe(false);
});

test('a directory that is not there is a problem of the probe until it is made', () => {
  unlinks.apply(plan(`${directory}/*.log`, `${directory}/missing/*.log`));
  expect(unlinks.problems('p')).toEqual([
    `no file is kept in ${directory}/missing: the agent finds no such directory`,
  ]);
  mkdirSync(join(directory, 'missing'));
  jest.advanceTimersByTime(1000);
  expect(unlinks.problems('p')).toEqual([]);
  expect(hooks.enrolled).toEqual([]);
  rmSync(join(directory, 'missing'), { recursive: true });
  unlinks.apply(plan(`${directory}/missing/*.log`));
  mkdirSync(join(directory, 'missing'));
  const path = join(directory, 'missing', 'a.log');
  writeFileSync(path, 'unread');
  jest.advanceTimersByTime(1000);
  expect(hooks.enrolled).toHaveLength(1);
});
