import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { expect, test } from '@jest/globals';
import {
  canOverride,
  errnoOf,
  eventsOf,
  logsBelow,
  openHooks,
  Scratch,
  storyOf,
  unlinkIn,
} from './delayedUnlinkFixture.ts';
import { eachWay } from './eachWay.ts';

const { EACCES, ENOENT, ENOTEMPTY, EROFS } = constants.errno;

eachWay('a file that is unlinked before it was read', (attach) => {
  test('stays, and the caller is told that it is gone', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    scratch.directory('pod', 'container');
    const path = scratch.file('pod/container/0.log', 'unread\n');
    expect(
      errnoOf(() => {
        unlinkSync(path);
      }),
    ).toBe(ENOENT);
    expect(readFileSync(path, 'utf8')).toBe('unread\n');
    const [entry] = hooks.held();
    expect(entry).toMatchObject({
      slot: 0,
      path: 'pod/container/0.log',
      rootPath: scratch.path,
      size: 7n,
      pid: process.pid,
      uid: 0,
    });
    expect(entry?.key.inode).toBe(statSync(path, { bigint: true }).ino);
    expect(storyOf(hooks)).toEqual(['Marked pod/container/0.log', 'Held pod/container/0.log']);
    expect(hooks.counters(0)).toMatchObject({ marked: 1n, held: 1n, heldFiles: 1n });
  });

  test('is held 1,000 times out of 1,000 when it is unlinked as soon as it was created', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    for (let n = 0; n < 1000; n++) {
      writeFileSync(scratch.at(`${n}.log`), '');
      rmSync(scratch.at(`${n}.log`), { force: true });
    }
    // Where a program can be skipped on a preempted processor, that is counted.
    const seen = hooks.held().length + hooks.missed();
    expect(seen).toBeGreaterThanOrEqual(1000);
    expect(hooks.counters(0)).toMatchObject({ lostEvents: 0n });
    expect(eventsOf(hooks)).toHaveLength(Number(hooks.counters(0).marked + hooks.counters(0).held));
  });

  test('is held whichever way the call came', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.directory('logs'))]);
    scratch.directory('logs', 'pod');
    symlinkSync('logs/pod', scratch.at('link'));
    execFileSync('mount', ['--bind', scratch.at('logs'), scratch.directory('bound')]);
    const make = (name: string): string => scratch.file(`logs/pod/${name}.log`, name);
    try {
      make('relative');
      expect(unlinkIn('relative.log', 'env', '-C', scratch.at('logs/pod'))).toBe(ENOENT);
      make('symlinked');
      expect(unlinkIn(scratch.at('link/symlinked.log'))).toBe(ENOENT);
      make('bound');
      expect(unlinkIn(scratch.at('bound/pod/bound.log'))).toBe(ENOENT);
      const elsewhere = make('elsewhere');
      expect(unlinkIn(elsewhere, 'unshare', '--mount', '--pid', '--fork')).toBe(ENOENT);
      // As Go's os.RemoveAll: unlinkat with a directory's descriptor. The directory cannot go, and rm says so.
      make('below');
      const rm = spawnSync('rm', ['-rf', scratch.at('logs/pod')], { encoding: 'utf8' });
      expect(rm).toMatchObject({ status: 1, stderr: expect.stringMatching(/Directory not empty/) });
    } finally {
      execFileSync('umount', [scratch.at('bound')]);
    }
    const names = ['below', 'bound', 'elsewhere', 'relative', 'symlinked'];
    expect(readdirSync(scratch.at('logs/pod'))).toEqual(names.map((name) => `${name}.log`));
    expect(
      hooks
        .held()
        .map(({ path }) => path)
        .sort(),
    ).toEqual(names.map((name) => `pod/${name}.log`));
    expect(
      errnoOf(() => {
        rmdirSync(scratch.at('logs/pod'));
      }),
    ).toBe(ENOTEMPTY);
  });

  test('is held under the name that rotation gave it', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    scratch.file('0.log', 'unread');
    renameSync(scratch.at('0.log'), scratch.at('0.log.20260101-000000'));
    expect(unlinkIn(scratch.at('0.log.20260101-000000'))).toBe(ENOENT);
    expect(hooks.held()).toMatchObject([{ path: '0.log.20260101-000000' }]);
  });

  test('is held when it was there before and was enrolled', () => {
    using scratch = new Scratch();
    const path = scratch.file('old.log', 'unread');
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    const key = hooks.enrol(path, 0);
    expect(hooks.enrol(path, 0)).toEqual(key);
    expect(hooks.marks()).toMatchObject([{ key, slot: 0 }]);
    expect(unlinkIn(path)).toBe(ENOENT);
    expect(hooks.held()).toMatchObject([{ key, path: 'old.log' }]);
    expect(() => hooks.enrol(scratch.path, 0)).toThrow(/is no regular file$/);
    expect(() => hooks.enrol(scratch.at('none.log'), 0)).toThrow(/ENOENT/);
  });

  test('is held without an unlink when it is adopted, and a second time only once', () => {
    using scratch = new Scratch();
    const path = scratch.file('old.log', 'unread');
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    const key = hooks.adopt(path, 0);
    expect(hooks.adopt(path, 0)).toEqual(key);
    expect(hooks.held()).toMatchObject([{ key, path: 'old.log' }]);
    expect(hooks.counters(0)).toMatchObject({ held: 1n, heldFiles: 1n });
  });

  test('goes at once when it was read', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    const path = scratch.file('a.log');
    for (const { key } of hooks.marks()) hooks.unmark(key);
    expect(unlinkIn(path)).toBe(0);
    expect(existsSync(path)).toBe(false);
    expect(hooks.counters(0)).toMatchObject({ marked: 1n, held: 0n });
  });

  test('is refused to whoever may not unlink it, as without the probe', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    chmodSync(scratch.path, 0o755);
    const path = scratch.file('a.log');
    expect(unlinkIn(path, 'setpriv', '--reuid=1000', '--regid=1000', '--clear-groups')).toBe(EACCES);
    expect(hooks.held()).toEqual([]);
    execFileSync('mount', ['-o', 'remount,ro', scratch.path]);
    expect(unlinkIn(path)).toBe(EROFS);
    expect(hooks.held()).toEqual([]);
  });
});

eachWay(
  'whoever unlinks a file that is held in mode Override',
  (attach) => {
    test('is told that it has succeeded, and of everything else the truth', () => {
      using scratch = new Scratch();
      using hooks = openHooks(attach, [logsBelow(scratch.path, { mode: 'Override' })], { override: true });
      const path = scratch.file('a.log', 'unread');
      expect(unlinkIn(path)).toBe(0);
      unlinkSync(path);
      expect(existsSync(path)).toBe(true);
      expect(hooks.counters(0)).toMatchObject({ held: 1n, heldAgain: 1n });
      expect(unlinkIn(scratch.at('missing.log'))).toBe(ENOENT);
      // By unlinkat with a directory's descriptor: rm -r says only that the directory is not empty.
      scratch.directory('pod');
      scratch.file('pod/b.log');
      const rm = spawnSync('rm', ['-r', scratch.at('pod')], { encoding: 'utf8' });
      expect(rm.stderr).toMatch(/^rm: cannot remove '[^']*\/pod': Directory not empty\n$/);
      chmodSync(scratch.path, 0o755);
      expect(unlinkIn(path, 'setpriv', '--reuid=1000', '--regid=1000', '--clear-groups')).toBe(EACCES);
      expect(
        hooks.held().map(({ path: name, key }) =>
          hooks.remove(key, () => {
            unlinkSync(scratch.at(name));
          }),
        ),
      ).toEqual(['removed', 'removed']);
    });
  },
  canOverride(),
);
