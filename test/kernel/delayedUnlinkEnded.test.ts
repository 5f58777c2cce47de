import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { expect, test } from '@jest/globals';
import {
  errnoOf,
  logsBelow,
  onlyHeld,
  openHooks,
  Scratch,
  storyOf,
  unlinkIn,
} from './delayedUnlinkFixture.ts';
import { eachWay } from './eachWay.ts';

const { ENOENT } = constants.errno;

eachWay('a hold ends', (attach) => {
  test('when the file is opened for writing, not when it is read', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    const path = scratch.file('a.log', 'unread');
    expect(unlinkIn(path)).toBe(ENOENT);
    expect(readFileSync(path, 'utf8')).toBe('unread');
    expect(hooks.held()).toHaveLength(1);
    writeFileSync(path, 'anew');
    expect(hooks.held()).toEqual([]);
    expect(hooks.counters(0)).toMatchObject({ reopened: 1n, heldFiles: 0n, heldBytes: 0n });
    // It is a log like another one, and nobody has read it.
    expect(unlinkIn(path)).toBe(ENOENT);
    expect(storyOf(hooks)).toEqual(['Marked a.log', 'Held a.log', 'Reopened a.log', 'Held a.log']);
  });

  test('when the file gets another name', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    unlinkIn(scratch.file('a.log'));
    renameSync(scratch.at('a.log'), scratch.at('b.log'));
    expect(hooks.held()).toEqual([]);
    expect(storyOf(hooks)).toEqual(['Marked a.log', 'Held a.log', 'Renamed a.log']);
  });

  test('when another file is renamed over it', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    unlinkIn(scratch.file('a.log'));
    const marked = scratch.file('b.log');
    renameSync(scratch.file('new'), scratch.at('a.log'));
    renameSync(scratch.file('new'), marked);
    expect(hooks.held()).toEqual([]);
    expect(hooks.marks()).toEqual([]);
    expect(storyOf(hooks)).toEqual([
      'Marked a.log',
      'Held a.log',
      'Marked b.log',
      'Overwritten a.log',
      'Overwritten b.log',
    ]);
    expect(hooks.counters(0)).toMatchObject({ overwritten: 2n, heldFiles: 0n });
  });

  test('when the agent lets go of it', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    const path = scratch.file('a.log');
    unlinkIn(path);
    const entry = onlyHeld(hooks);
    expect(hooks.letGo(entry.key)).toBe(true);
    expect(hooks.letGo(entry.key)).toBe(false);
    expect(existsSync(path)).toBe(true);
    expect(hooks.held()).toEqual([]);
    expect(hooks.counters(0)).toMatchObject({ letGo: 1n, heldFiles: 0n });
  });
});

eachWay('the agent removes the held file or nothing', (attach) => {
  test('and it alone does', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    const path = scratch.file('a.log', 'unread');
    unlinkIn(path);
    expect(unlinkIn(path)).toBe(ENOENT);
    expect(
      errnoOf(() => {
        unlinkSync(path);
      }),
    ).toBe(ENOENT);
    expect(
      hooks.remove(onlyHeld(hooks).key, () => {
        unlinkSync(path);
      }),
    ).toBe('removed');
    expect(existsSync(path)).toBe(false);
    expect(hooks.held()).toEqual([]);
    expect(hooks.marks()).toEqual([]);
    const counted = { held: 1n, heldAgain: 2n, removed: 1n, heldFiles: 0n, heldBytes: 0n };
    expect(hooks.counters(0)).toMatchObject(counted);
  });

  /** What may have happened to a held file a.log; each leaves something at the place that the agent knows. */
  const changes: Record<string, (scratch: Scratch) => void> = {
    'another file was put in its place': (scratch) => {
      renameSync(scratch.at('d/a.log'), scratch.at('d/away'));
      scratch.file('d/a.log', 'another');
    },
    'another file was renamed over it': (scratch) => {
      renameSync(scratch.file('d/new', 'another'), scratch.at('d/a.log'));
    },
    'a symbolic link is in its place': (scratch) => {
      renameSync(scratch.at('d/a.log'), scratch.at('d/away'));
      symlinkSync(scratch.file('victim', 'another'), scratch.at('d/a.log'));
    },
    'it has another name, too': (scratch) => {
      linkSync(scratch.at('d/a.log'), scratch.at('d/other'));
    },
    'its directory was replaced by another one with that name in it': (scratch) => {
      renameSync(scratch.at('d'), scratch.at('e'));
      scratch.directory('d');
      scratch.file('d/a.log', 'another');
    },
    'its directory leads elsewhere': (scratch) => {
      renameSync(scratch.at('d'), scratch.at('e'));
      scratch.directory('host');
      scratch.file('host/a.log', 'another');
      symlinkSync('host', scratch.at('d'));
    },
  };
  test.each(Object.entries(changes))('nothing when %s', (_, change) => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    scratch.directory('d');
    unlinkIn(scratch.file('d/a.log', 'unread'));
    const { key } = onlyHeld(hooks);
    change(scratch);
    const before = execFileSync('find', [scratch.path, '-ls'], { encoding: 'utf8' });
    expect(
      hooks.remove(key, () => {
        unlinkSync(scratch.at('d/a.log'));
      }),
    ).toBe('notThere');
    expect(execFileSync('find', [scratch.path, '-ls'], { encoding: 'utf8' })).toBe(before);
    expect(hooks.held()).toEqual([]);
    expect(hooks.counters(0)).toMatchObject({ removed: 0n, heldFiles: 0n, heldBytes: 0n });
  });

  test('and what failed for another reason is held as before', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    const path = scratch.file('a.log');
    unlinkIn(path);
    const entry = onlyHeld(hooks);
    execFileSync('mount', ['-o', 'remount,ro', scratch.path]);
    expect(() =>
      hooks.remove(entry.key, () => {
        unlinkSync(path);
      }),
    ).toThrow(/EROFS/);
    expect(hooks.held()).toEqual([entry]);
  });

  test('however quickly others swap its directory', async () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    const directory = openSync(scratch.directory('current'), 'r');
    const own = `/proc/self/fd/${directory}/a.log`; // wherever the directory is just now
    scratch.directory('other');
    const precious = statSync(scratch.file('other/a.log', 'precious')).ino;
    const swap = `
      $| = 1; chdir $ARGV[0]; print "go";
      until (-e 'end') { rename('current', 'x'); rename('other', 'current'); rename('x', 'other') }`;
    const swapper = spawn('perl', ['-e', swap, scratch.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const answers = { removed: 0, notThere: 0 };
    try {
      await once(swapper.stdout, 'data');
      for (let n = 0; n < 20_000 && (answers.removed < 20 || answers.notThere < 20); n++) {
        if (!existsSync(own)) writeFileSync(own, 'unread');
        const key = hooks.adopt(own, 0);
        answers[
          hooks.remove(key, () => {
            unlinkSync(scratch.at('current/a.log'));
          })
        ]++;
      }
    } finally {
      scratch.file('end');
      closeSync(directory);
      await once(swapper, 'close');
    }
    expect(Object.values(answers).every((count) => count >= 20)).toBe(true);
    const left = ['current', 'other', 'x'].filter((name) => existsSync(scratch.at(name, 'a.log')));
    expect(left.map((name) => statSync(scratch.at(name, 'a.log')).ino)).toContain(precious);
    expect(hooks.counters(0)).toMatchObject({ removed: BigInt(answers.removed), heldFiles: 0n });
  });
});
