import { existsSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { keyOf } from '../../src/agent/delayedUnlink/unlinkHooks.ts';
import { eventsOf, logsBelow, openHooks, Scratch, storyOf, waysToHold } from './delayedUnlinkFixture.ts';

const ways = waysToHold();
if (ways.length === 0) test('this kernel cannot hold files', () => undefined);

describe.each(ways)('a file that is unlinked before it was read (%s)', (attach) => {
  test('stays, and the caller is told that it is gone', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    scratch.directory('pod', 'container');
    const path = scratch.file('pod/container/0.log', 'unread\n');
    expect(() => {
      unlinkSync(path);
    }).toThrow(/ENOENT/);
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
    expect(hooks.held()).toHaveLength(1000);
    expect(hooks.counters(0)).toMatchObject({ marked: 1000n, held: 1000n, lostEvents: 0n });
    expect(eventsOf(hooks)).toHaveLength(2000);
  });

  test('is removed by the agent alone', () => {
    using scratch = new Scratch();
    using hooks = openHooks(attach, [logsBelow(scratch.path)]);
    const path = scratch.file('a.log', 'unread');
    rmSync(path, { force: true });
    const [entry] = hooks.held();
    if (entry === undefined) throw new Error('not held');
    expect(() => {
      unlinkSync(path);
    }).toThrow(/ENOENT/);
    expect(
      hooks.remove(entry.key, () => {
        unlinkSync(path);
      }),
    ).toBe('removed');
    expect(existsSync(path)).toBe(false);
    expect(hooks.held()).toEqual([]);
    expect(hooks.marks()).toEqual([]);
    expect(hooks.counters(0)).toMatchObject({
      held: 1n,
      heldAgain: 1n,
      removed: 1n,
      heldFiles: 0n,
      heldBytes: 0n,
    });
    expect(keyOf(entry.key)).toMatch(/^\d+:\d+:\d+$/);
  });
});
