import {
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { expect, test } from '@jest/globals';
import { DelayedUnlinks, type DelayedUnlinksOptions } from '../../src/agent/delayedUnlink/delayedUnlinks.ts';
import type { FileEvent } from '../../src/agent/delayedUnlink/fileEvent.ts';
import { KeepJournal } from '../../src/agent/delayedUnlink/keepJournal.ts';
import { UnlinkHooks } from '../../src/agent/delayedUnlink/unlinkHooks.ts';
import { parsePathPattern } from '../../src/probe/delayedUnlink/pathPattern.ts';
import type { DelayedUnlinkPlan, ProbePlan } from '../../src/probe/plan.ts';
import { until } from '../../src/testing/until.ts';
import { planToKeep, Scratch } from './delayedUnlinkFixture.ts';
import { bestWay, oneWay } from './eachWay.ts';

const pinDirectory = '/sys/fs/bpf/delayed_unlinks_test';

/** A keeper, and what it tells; waits for events, never for time. */
class Keeper implements AsyncDisposable {
  readonly unlinks: DelayedUnlinks;
  readonly events: FileEvent[] = [];
  readonly #waiting: { wanted: (event: FileEvent) => boolean; found: (event: FileEvent) => void }[] = [];

  constructor(scratch: Scratch, options: Partial<DelayedUnlinksOptions> & { pins?: string } = {}) {
    const { pins, ...others } = options;
    this.unlinks = new DelayedUnlinks({
      openHooks: () =>
        UnlinkHooks.open({
          ...{ attach: bestWay, graceMilliseconds: 600_000 },
          ...(pins !== undefined && { pinDirectory: pins }),
        }),
      openJournal: () => new KeepJournal(scratch.at('journal', 'kept.jsonl')),
      pinned: pins !== undefined,
      tell: (_, event) => {
        this.events.push(event);
        for (const { found } of this.#waiting.filter(({ wanted }) => wanted(event))) found(event);
      },
      log: () => undefined,
      ...others,
    });
  }

  /** The event that says this of a file, past or to come. */
  async told(action: string, path: string): Promise<FileEvent> {
    const wanted = (event: FileEvent): boolean => event.action === action && event.path === path;
    const past = this.events.find(wanted);
    return past ?? (await new Promise((found) => this.#waiting.push({ wanted, found })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unlinks.close();
  }
}

function planOf(scratch: Scratch, changes: Partial<DelayedUnlinkPlan> = {}, uid = 'keep'): ProbePlan {
  return planToKeep(scratch.at('logs'), { format: 'Fluentd', path: scratch.at('fluentd.pos') }, changes, uid);
}

/** Fluentd has read so much of these files. */
function note(scratch: Scratch, ...files: [path: string, inode: number, offset: number][]): void {
  const lines = files.map(
    ([path, inode, offset]) =>
      `${path}\t${offset.toString(16).padStart(16, '0')}\t${inode.toString(16).padStart(16, '0')}\n`,
  );
  writeFileSync(scratch.at('fluentd.pos'), lines.join(''));
}

function deleted(path: string): void {
  expect(() => {
    unlinkSync(path);
  }).toThrow('ENOENT');
  expect(existsSync(path)).toBe(true);
}

oneWay('a deleted file', () => {
  test('goes as soon as its shipper has read it to its end', async () => {
    using scratch = new Scratch();
    scratch.directory('logs', 'pod');
    await using keeper = new Keeper(scratch);
    keeper.unlinks.apply(planOf(scratch));
    const path = scratch.file('logs/pod/0.log', 'ten bytes\n');
    const inode = statSync(path).ino;
    deleted(path);
    expect(await keeper.told('Held', path)).toMatchObject({ size: 10n, unread: undefined, why: '' });
    note(scratch, [path, inode, 4]);
    expect(keeper.unlinks.list()).toMatchObject([{ probe: 'keep', path, size: '10' }]);
    note(scratch, [path, inode, 10]);
    expect(await keeper.told('Deleted', path)).toMatchObject({ why: 'Read', unread: 0n, size: 10n });
    expect(existsSync(path)).toBe(false);
    expect(keeper.unlinks.list()).toEqual([]);
    // Its directory can go as well.
    rmSync(scratch.at('logs', 'pod'), { recursive: true });
  });

  test('goes when the time limit has passed, and it is said how much was unread', async () => {
    using scratch = new Scratch();
    scratch.directory('logs');
    await using keeper = new Keeper(scratch);
    const path = scratch.file('logs/a.log', 'ten bytes\n');
    note(scratch, [path, statSync(path).ino, 4]);
    keeper.unlinks.apply(planOf(scratch, { maxDelayMilliseconds: 1 }));
    await keeper.unlinks.settled();
    deleted(path);
    expect(await keeper.told('Deleted', path)).toMatchObject({ why: 'MaxDelay', unread: 6n });
    expect(existsSync(path)).toBe(false);
  });

  test('goes when its probe goes, changes its paths, or somebody asks for it', async () => {
    using scratch = new Scratch();
    scratch.directory('logs');
    await using keeper = new Keeper(scratch);
    const [asked, changed, stopped] = ['asked', 'changed', 'stopped'].map((name) =>
      scratch.at('logs', `${name}.log`),
    );
    if (asked === undefined || changed === undefined || stopped === undefined) throw new Error('no paths');
    keeper.unlinks.apply(planOf(scratch));
    for (const path of [asked, changed, stopped]) writeFileSync(path, 'text');
    for (const path of [asked, changed, stopped]) deleted(path);
    for (const path of [asked, changed, stopped]) await keeper.told('Held', path);
    expect(keeper.unlinks.release({ paths: [asked, '/no/such/file'] })).toEqual([asked]);
    expect(keeper.events.at(-1)).toMatchObject({ action: 'Deleted', why: 'Asked', path: asked });
    keeper.unlinks.apply(
      planOf(scratch, { patterns: [parsePathPattern(`${scratch.at('logs')}/stopped.log`)] }),
    );
    expect(keeper.events.at(-1)).toMatchObject({ action: 'Deleted', why: 'ProbeGone', path: changed });
    expect(existsSync(stopped)).toBe(true);
    keeper.unlinks.stop('keep');
    expect(keeper.events.at(-1)).toMatchObject({ action: 'Deleted', why: 'ProbeGone', path: stopped });
    expect([asked, changed, stopped].filter((path) => existsSync(path))).toEqual([]);
  });

  test('is the one that was marked, also under the name that rotation gave it', async () => {
    using scratch = new Scratch();
    scratch.directory('logs');
    await using keeper = new Keeper(scratch);
    keeper.unlinks.apply(planOf(scratch));
    const [path, rotated] = [
      scratch.file('logs/0.log', 'ten bytes\n'),
      scratch.at('logs', '0.log.20260101-000000'),
    ];
    renameSync(path, rotated);
    deleted(rotated);
    expect(await keeper.told('Held', rotated)).toMatchObject({ size: 10n });
    note(scratch, [path, statSync(rotated).ino, 10]);
    expect(await keeper.told('Deleted', rotated)).toMatchObject({ why: 'Read' });
    expect(existsSync(rotated)).toBe(false);
  });

  test('is left alone when another file has taken its place, or it has got another name', async () => {
    using scratch = new Scratch();
    scratch.directory('logs');
    await using keeper = new Keeper(scratch);
    keeper.unlinks.apply(planOf(scratch));
    const [replaced, linked] = [scratch.file('logs/a.log', 'old'), scratch.file('logs/b.log', 'old')];
    deleted(replaced);
    deleted(linked);
    await keeper.told('Held', replaced);
    await keeper.told('Held', linked);
    renameSync(replaced, scratch.at('elsewhere'));
    writeFileSync(replaced, 'new');
    linkSync(linked, scratch.at('second'));
    await keeper.told('LetGo', replaced);
    keeper.unlinks.release({ all: true });
    expect(await keeper.told('LetGo', linked)).toMatchObject({ why: 'Replaced' });
    expect(
      [replaced, linked, scratch.at('elsewhere'), scratch.at('second')].map((path) => existsSync(path)),
    ).toEqual([true, true, true, true]);
  });

  test('is not taken for read by the note of a file that had its inode before', async () => {
    using scratch = new Scratch();
    scratch.directory('logs');
    const path = scratch.at('logs', 'a.log');
    // By path alone, as promtail notes: what was noted of the predecessor fits the new file.
    writeFileSync(scratch.at('positions.yaml'), `positions:\n  ${path}: "10"\n`);
    await using keeper = new Keeper(scratch);
    keeper.unlinks.apply(
      planOf(scratch, { positions: { format: 'Promtail', path: scratch.at('positions.yaml') } }),
    );
    await keeper.unlinks.settled();
    writeFileSync(path, 'ten bytes\n');
    deleted(path);
    expect(await keeper.told('Held', path)).toMatchObject({ unread: undefined });
    writeFileSync(scratch.at('positions.yaml'), `positions:\n  ${path}: "0"\n`);
    await until(() => keeper.unlinks.list()[0]?.read === '0');
    writeFileSync(scratch.at('positions.yaml'), `positions:\n  ${path}: "10"\n`);
    expect(await keeper.told('Deleted', path)).toMatchObject({ why: 'Read' });
  });
});

oneWay('delayed deletions', () => {
  test('Observe keeps nothing and tells what was unread', async () => {
    using scratch = new Scratch();
    scratch.directory('logs');
    const path = scratch.file('logs/a.log', 'ten bytes\n');
    note(scratch, [path, statSync(path).ino, 4]);
    await using keeper = new Keeper(scratch);
    keeper.unlinks.apply(planOf(scratch, { mode: 'Observe' }));
    await keeper.unlinks.settled();
    unlinkSync(path);
    expect(existsSync(path)).toBe(false);
    expect(await keeper.told('WouldHold', path)).toMatchObject({ size: 10n, unread: 6n });
  });

  test('what an agent kept, the next one goes on with', async () => {
    using scratch = new Scratch();
    scratch.directory('logs');
    const path = scratch.at('logs', 'a.log');
    {
      await using first = new Keeper(scratch, { pins: pinDirectory });
      first.unlinks.apply(planOf(scratch, {}, 'another'));
      first.unlinks.apply(planOf(scratch));
      writeFileSync(path, 'ten bytes\n');
      deleted(path);
      await first.told('Held', path);
    }
    expect(existsSync(path)).toBe(true);
    const next = new Keeper(scratch, { pins: pinDirectory });
    try {
      next.unlinks.apply(planOf(scratch));
      // Still: between the two agents the kernel went on.
      deleted(path);
      expect(next.unlinks.list()).toMatchObject([{ path, probe: 'keep' }]);
      next.unlinks.release({ all: true });
      expect(existsSync(path)).toBe(false);
    } finally {
      await next.unlinks.close();
      rmSync(pinDirectory, { recursive: true });
    }
  });

  test('what was kept when the machine lost its power is found, and kept on or deleted', async () => {
    using scratch = new Scratch();
    mkdirSync(scratch.directory('logs'), { recursive: true });
    const path = scratch.file('logs/a.log', 'ten bytes\n');
    const other = scratch.file('logs/b.log', 'another file by now\n');
    const written = scratch.file('logs/c.log', 'a container that was started again writes to it\n');
    {
      using journal = new KeepJournal(scratch.at('journal', 'kept.jsonl'));
      const place = { probeUid: 'keep', root: scratch.at('logs'), since: Date.now() + 1000 };
      const inode = String(statSync(path).ino);
      journal.keep({ ...place, key: '1:2:3', relativePath: 'a.log', inode });
      journal.keep({ ...place, key: '1:2:4', relativePath: 'b.log', inode });
      journal.keep({ ...place, key: '1:2:5', relativePath: 'gone.log', inode });
      const inUse = { inode: String(statSync(written).ino), since: 1 };
      journal.keep({ ...place, ...inUse, key: '1:2:6', relativePath: 'c.log' });
    }
    await using keeper = new Keeper(scratch);
    keeper.unlinks.apply(planOf(scratch));
    expect(keeper.events).toMatchObject([{ action: 'Held', why: 'Found', path }]);
    note(scratch, [path, statSync(path).ino, 10]);
    expect(await keeper.told('Deleted', path)).toMatchObject({ why: 'Read' });
    expect([path, other, written].map((file) => existsSync(file))).toEqual([false, true, true]);
  });

  test('a disk that is low lets everything go', async () => {
    using scratch = new Scratch();
    scratch.directory('logs');
    await using keeper = new Keeper(scratch);
    keeper.unlinks.apply(planOf(scratch));
    const path = scratch.file('logs/a.log', 'ten bytes\n');
    deleted(path);
    await keeper.told('Held', path);
    keeper.unlinks.apply(planOf(scratch, { minFreeDiskPercent: 101 }));
    expect(await keeper.told('Deleted', path)).toMatchObject({ why: 'DiskLow' });
    const next = scratch.file('logs/b.log', 'text');
    unlinkSync(next);
    expect(await keeper.told('Passed', next)).toMatchObject({ why: 'DiskLow' });
  });
});
