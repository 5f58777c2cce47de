import { execFileSync } from 'node:child_process';
import {
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { constants } from 'node:os';
import { expect, test } from '@jest/globals';
import { eventsOf, logsBelow, openHooks, Scratch, storyOf, unlinkIn } from './delayedUnlinkFixture.ts';
import { eachWay } from './eachWay.ts';

const { ENOENT } = constants.errno;

eachWay('what no rule matches', (attach) => {
  test('is deleted as without the probe', () => {
    using scratch = new Scratch();
    const old = scratch.file('old.log');
    scratch.directory('logs', 'a', 'b', 'c');
    using _hooks = openHooks(attach, [
      logsBelow(scratch.at('logs'), { depth: 2, prefix: 'app-' }),
      logsBelow(scratch.at('logs'), { depth: 0, prefix: 'exactly', suffix: '.txt', exact: true }),
    ]);
    const wanted = ['logs/a/b/app-1.log', 'logs/a/b/app-.log', 'logs/exactly.txt'];
    const unwanted = [
      'app-outside.log',
      'logs/app-0.log',
      'logs/a/app-1.log',
      'logs/a/b/c/app-3.log',
      'logs/a/b/other.log',
      'logs/a/b/app-1.txt',
      'logs/a/b/app.log',
      'logs/a/b/g',
      'logs/exactly1.txt',
      'logs/a/b/exactly.txt',
    ];
    for (const name of [...wanted, ...unwanted]) scratch.file(name);
    for (const name of unwanted) expect([name, unlinkIn(scratch.at(name))]).toEqual([name, 0]);
    for (const name of wanted) expect([name, unlinkIn(scratch.at(name))]).toEqual([name, ENOENT]);
    expect(unlinkIn(old)).toBe(0);
  });

  test('among directories, symbolic links, sockets and pipes is nothing', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    const target = scratch.file('target.log');
    mkdirSync(scratch.at('d.log'));
    symlinkSync('target.log', scratch.at('s.log'));
    execFileSync('mkfifo', [scratch.at('p.log')]);
    execFileSync('perl', [
      '-MSocket',
      '-e',
      'socket(S,AF_UNIX,SOCK_STREAM,0);bind(S,sockaddr_un($ARGV[0])) or die',
      scratch.at('u.log'),
    ]);
    closeSync(openSync(scratch.at('s.log'), 'r'));
    for (const name of ['s.log', 'p.log', 'u.log'])
      expect([name, unlinkIn(scratch.at(name))]).toEqual([name, 0]);
    rmdirSync(scratch.at('d.log'));
    expect(lstatSync(target).isFile()).toBe(true);
    expect(hooks.held()).toEqual([]);
    expect(hooks.marks()).toHaveLength(1);
  });

  test('is what a probe wanted that is gone; its held files stay until they are removed', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    scratch.file('held.log');
    expect(unlinkIn(scratch.at('held.log'))).toBe(ENOENT);
    scratch.file('marked.log');
    hooks.setRules([]);
    expect(hooks.marks()).toEqual([]);
    expect(unlinkIn(scratch.at('marked.log'))).toBe(0);
    const [entry] = hooks.held();
    if (entry === undefined) throw new Error('not held');
    expect(entry).toMatchObject({ path: 'held.log', rootPath: scratch.path });
    expect(
      hooks.remove(entry.key, () => {
        unlinkSync(scratch.at('held.log'));
      }),
    ).toBe('removed');
  });

  test('are the marks of the probe that had the slot before', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    const path = scratch.file('a.log');
    hooks.setRules([logsBelow(scratch.path, { probe: 'another' })]);
    expect(hooks.probeOf(0)).toBe('another');
    expect(unlinkIn(path)).toBe(0);
  });

  test('holds no rule up whose root is not there', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, []);
    const missing = logsBelow(scratch.at('missing'));
    expect(hooks.setRules([missing, logsBelow(scratch.directory('there'))])).toMatchObject([
      { rule: missing, error: { message: expect.stringMatching(/ENOENT/) as unknown } },
    ]);
    expect(unlinkIn(scratch.file('there/a.log'))).toBe(ENOENT);
  });
});

eachWay('a deletion goes through, and why is counted', (attach) => {
  test('when the agent has not been alive for its grace', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    scratch.file('a.log');
    const longAgo = process.hrtime.bigint() - 601_000_000_000n;
    hooks.beat(longAgo);
    expect(unlinkIn(scratch.at('a.log'))).toBe(0);
    hooks.beat();
    expect(unlinkIn(scratch.file('b.log'))).toBe(ENOENT);
    // Held, too: whoever deletes it again while nobody is there to do so later, deletes it.
    hooks.beat(longAgo);
    expect(unlinkIn(scratch.at('b.log'))).toBe(0);
    expect(hooks.held()).toEqual([]);
    expect(hooks.counters(0)).toMatchObject({ agentDead: 2n, held: 1n, heldFiles: 0n, heldBytes: 0n });
    expect(storyOf(hooks)).toEqual([
      'Marked a.log',
      'Passed agentDead a.log',
      'Marked b.log',
      'Held b.log',
      'Passed agentDead b.log',
    ]);
  });

  test('when as many files or bytes are held as may be, or the disk is low', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path, { maxHeldFiles: 2, maxHeldBytes: 50_000n })]);
    const unlinked = (name: string, bytes: number): number => unlinkIn(scratch.file(name, 'x'.repeat(bytes)));
    expect(unlinked('a.log', 40_000)).toBe(ENOENT);
    expect(unlinked('large.log', 20_000)).toBe(0);
    hooks.setDiskLow(0, true);
    expect(unlinked('low.log', 1)).toBe(0);
    hooks.setDiskLow(0, false);
    expect(unlinked('b.log', 1)).toBe(ENOENT);
    expect(unlinked('c.log', 1)).toBe(0);
    const reasons = { limitBytes: 1n, diskLow: 1n, limitFiles: 1n };
    expect(hooks.counters(0)).toMatchObject({ ...reasons, held: 2n, heldFiles: 2n });
    expect(hooks.marks()).toHaveLength(2);
  });

  test('when there is no room for marks or held files', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)], { maxMarks: 2, maxHeld: 1 });
    for (const name of ['a.log', 'b.log', 'c.log']) scratch.file(name);
    expect(unlinkIn(scratch.at('a.log'))).toBe(ENOENT);
    expect(unlinkIn(scratch.at('b.log'))).toBe(0);
    expect(unlinkIn(scratch.at('c.log'))).toBe(0);
    expect(hooks.counters(0)).toMatchObject({
      marked: 2n,
      notMarked: 1n,
      held: 1n,
      noRoom: 1n,
      heldFiles: 1n,
    });
  });

  test('when the file has another name, has left its root, or lies too deep', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.directory('logs'))]);
    linkSync(scratch.file('logs/linked.log'), scratch.at('other'));
    expect(unlinkIn(scratch.at('logs/linked.log'))).toBe(0);
    renameSync(scratch.file('logs/moved.log'), scratch.at('moved.log'));
    expect(unlinkIn(scratch.at('moved.log'))).toBe(0);
    const long = `logs/${'a'.repeat(200)}/${'b'.repeat(200)}/${'c'.repeat(200)}`;
    scratch.directory(long);
    expect(unlinkIn(scratch.file(`${long}/a.log`))).toBe(0);
    expect(hooks.counters(0)).toMatchObject({ linked: 1n, movedAway: 1n, pathTooLong: 1n, heldFiles: 0n });
    // The other name is the file's last one, and outside.
    expect(unlinkIn(scratch.at('other'))).toBe(0);
    expect(hooks.marks()).toEqual([]);
  });

  test('in mode Observe, which says what would have been held', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path, { mode: 'Observe', maxHeldBytes: 100_000n })]);
    expect(unlinkIn(scratch.file('a.log', 'unread'))).toBe(0);
    expect(unlinkIn(scratch.file('b.log', 'x'.repeat(200_000)))).toBe(0);
    expect(hooks.held()).toEqual([]);
    expect(hooks.marks()).toEqual([]);
    expect(eventsOf(hooks)).toMatchObject([
      { type: 'Marked', path: 'a.log' },
      { type: 'WouldHold', path: 'a.log', size: 6n },
      { type: 'Marked', path: 'b.log' },
      { type: 'Passed', reason: 'limitBytes', path: 'b.log' },
    ]);
  });
});
