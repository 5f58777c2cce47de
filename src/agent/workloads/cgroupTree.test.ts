import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { CgroupTree, type DirectoryWatcher } from './cgroupTree.ts';

let root: string;
let tree: CgroupTree | undefined;
const logged: string[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'traceprobe-cgroups-'));
});

afterEach(() => {
  tree?.close();
  logged.splice(0);
  jest.useRealTimers();
  rmSync(root, { recursive: true });
});

const pod = '/kubepods/pod0b2ca6c4-4b7a-4a57-9ca8-1f3a0b2d4c5e';
const container = `${pod}/${'a'.repeat(64)}`;

function make(path: string): void {
  mkdirSync(join(root, path), { recursive: true });
}

function open(watch?: () => DirectoryWatcher, onChange = (): void => undefined): CgroupTree {
  const log = (_: string, message: string): void => void logged.push(message);
  tree = new CgroupTree({ root, onChange, log, ...(watch && { watch }) });
  return tree;
}

const paths = (): string[] => [...(tree?.paths.values() ?? [])];

/** As inotify_add_watch(2) refuses when the user has as many as allowed. */
function refuse(): never {
  throw Object.assign(new Error('ENOSPC: System limit for number of file watchers reached'), {
    code: 'ENOSPC',
  });
}

test('a pod that comes is seen without anybody asking', async () => {
  make('/kubepods');
  const changed = new Promise<void>((resolve) => {
    open(undefined, () => {
      if (paths().includes(pod)) resolve();
    });
  });
  make(pod);
  await changed;
});

test('what cannot be watched is read all the same, and again until it can be', () => {
  jest.useFakeTimers();
  make(container);
  let changes = 0;
  let refusing = true;
  let watchers = 0;
  const watch = (): DirectoryWatcher => {
    if (refusing) refuse();
    watchers++;
    return { on: () => undefined, close: () => watchers-- };
  };
  open(watch, () => changes++);
  expect(paths()).toContain(container);
  const later = container.replace(/a$/, 'b');
  make(later);
  jest.advanceTimersByTime(5000);
  expect(paths()).toContain(later);
  expect(changes).toBe(2);
  // Said once, with what to do.
  expect(logged).toEqual([expect.stringContaining('fs.inotify.max_user_watches')]);
  refusing = false;
  jest.advanceTimersByTime(5000);
  // The root, the kubelet's root and the pod.
  expect({ watchers, changes }).toEqual({ watchers: 3, changes: 3 });
  expect(jest.getTimerCount()).toBe(0);
});

test('a directory whose watcher breaks is read until it is watched again', () => {
  jest.useFakeTimers();
  make('/kubepods');
  const errors: ((error: Error) => void)[] = [];
  open(() => ({ on: (_, listener) => errors.push(listener), close: () => undefined }));
  expect(errors).toHaveLength(2);
  errors[1]?.(new Error('broken'));
  make(pod);
  jest.advanceTimersByTime(5000);
  expect(paths()).toContain(pod);
  // That of the pod, and a second one of the kubelet's root.
  expect(errors).toHaveLength(4);
});

test('directories that have gone are not watched any longer', () => {
  make(pod);
  let watchers = 0;
  const scanned = open(() => {
    watchers++;
    return { on: () => undefined, close: () => watchers-- };
  });
  expect(watchers).toBe(3);
  rmdirSync(join(root, pod));
  scanned.scan();
  expect(watchers).toBe(2);
  make(pod);
  scanned.scan();
  expect(watchers).toBe(3);
  scanned.close();
  expect(watchers).toBe(0);
});
