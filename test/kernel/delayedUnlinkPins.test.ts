import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { BpfMap } from '../../src/bpf/index.ts';
import { logsBelow, onlyHeld, openHooks, Scratch, storyOf, unlinkIn } from './delayedUnlinkFixture.ts';
import { eachWay } from './eachWay.ts';

const { ENOENT } = constants.errno;
const pinDirectory = `/sys/fs/bpf/delayed-unlink-test-${process.pid}`;

afterEach(() => {
  rmSync(pinDirectory, { recursive: true, force: true });
});

eachWay('what is pinned', (attach) => {
  test('holds on between one agent and the next, which knows all of it', () => {
    using scratch = new Scratch();
    const rules = [logsBelow(scratch.path)];
    const first = openHooks(attach, rules, { pinDirectory, maxHeld: 20 });
    scratch.file('marked.log');
    expect(unlinkIn(scratch.file('before.log'))).toBe(ENOENT);
    const pinned = readdirSync(pinDirectory);
    first.close({ keep: true });
    expect(unlinkIn(scratch.file('between.log'))).toBe(ENOENT);

    using second = openHooks(attach, rules, { pinDirectory });
    expect(readdirSync(pinDirectory)).toEqual(pinned);
    expect(unlinkIn(scratch.at('marked.log'))).toBe(ENOENT);
    expect(unlinkIn(scratch.file('after.log'))).toBe(ENOENT);
    const held = second.held();
    expect(held.map(({ path }) => path).sort()).toEqual([
      'after.log',
      'before.log',
      'between.log',
      'marked.log',
    ]);
    expect(second.counters(0)).toMatchObject({ marked: 4n, held: 4n, heldFiles: 4n });
    for (const { key, path } of held) {
      expect(
        second.remove(key, () => {
          unlinkSync(scratch.at(path));
        }),
      ).toBe('removed');
    }
    expect(second.counters(0)).toMatchObject({ removed: 4n, heldFiles: 0n, heldBytes: 0n });
    expect(storyOf(second)).toHaveLength(8);
  });

  test('holds on when the agent is killed, until its heartbeat is too old', async () => {
    using scratch = new Scratch();
    const child = new URL('children/holdLogs.ts', import.meta.url).pathname;
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const agent = spawn(process.execPath, [child, attach, scratch.path, pinDirectory], { stdio: [...stdio] });
    try {
      const ended = once(agent, 'exit').then(() => Promise.reject(new Error('the agent ended')));
      await Promise.race([once(agent.stdout, 'data'), ended]);
    } finally {
      agent.kill('SIGKILL');
    }
    await once(agent, 'close');
    expect(unlinkIn(scratch.file('killed.log'))).toBe(ENOENT);

    // What the agent would have written had it died an hour ago.
    using control = BpfMap.openPinned(join(pinDirectory, 'control'));
    using hooks = openHooks(attach, [logsBelow(scratch.path)], { pinDirectory });
    hooks.beat(process.hrtime.bigint() - 3_600_000_000_000n);
    expect(unlinkIn(scratch.file('late.log'))).toBe(0);
    expect(control.maxEntries).toBe(1);
    expect(onlyHeld(hooks).path).toBe('killed.log');
  });

  test('counts a file once while two agents are attached', () => {
    using scratch = new Scratch();
    const rules = [logsBelow(scratch.path)];
    const first = openHooks(attach, rules, { pinDirectory });
    using second = openHooks(attach, rules, { pinDirectory });
    const path = scratch.file('a.log');
    expect(unlinkIn(path)).toBe(ENOENT);
    expect(second.counters(0)).toMatchObject({ marked: 1n, held: 1n, heldAgain: 0n });
    expect(
      second.remove(onlyHeld(second).key, () => {
        unlinkSync(path);
      }),
    ).toBe('removed');
    expect(existsSync(path)).toBe(false);
    expect(second.counters(0)).toMatchObject({ removed: 1n, refused: 0n, heldFiles: 0n });
    first.close({ keep: true });
  });

  test('is refused in words when it is of another layout', () => {
    using scratch = new Scratch();
    const hooks = openHooks(attach, [], { pinDirectory });
    const control = BpfMap.openPinned(join(pinDirectory, 'control'));
    new DataView(control.mmap()).setBigUint64(0, 99n, true);
    control.close();
    hooks.close({ keep: true });
    expect(() => openHooks(attach, [logsBelow(scratch.path)], { pinDirectory })).toThrow(
      /^what another version of the agent left at .*\/control has layout 99, this one has 1: stop that agent/,
    );
  });

  test('is what an agent that was killed too early left: begun anew', () => {
    using scratch = new Scratch();
    openHooks(attach, [], { pinDirectory, maxHeld: 3 }).close({ keep: true });
    rmSync(join(pinDirectory, 'control'));
    using hooks = openHooks(attach, [logsBelow(scratch.path)], { pinDirectory });
    expect(unlinkIn(scratch.file('a.log'))).toBe(ENOENT);
    expect(hooks.held()).toHaveLength(1);
  });

  test('is gone when the agent closes for good, and nothing is held', () => {
    using scratch = new Scratch();
    const hooks = openHooks(attach, [logsBelow(scratch.path)], { pinDirectory });
    const path = scratch.file('a.log');
    hooks.close({ keep: false });
    expect(readdirSync(pinDirectory)).toEqual([]);
    expect(unlinkIn(path)).toBe(0);
  });
});

eachWay('a rule that stays', (attach) => {
  test('holds throughout while others come and go', async () => {
    using scratch = new Scratch();
    const kept = logsBelow(scratch.directory('kept'));
    using hooks = openHooks(attach, [kept]);
    const others = ['a', 'b', 'c'].map((name, n) => logsBelow(scratch.directory(name), { slot: n + 1 }));
    // Creates and unlinks until it is told to end; prints how many files went and how many stayed.
    const program = `
      $| = 1; chdir $ARGV[0]; print "go "; my ($went, $stayed) = (0, 0);
      until (-e '../end') {
        open(F, '>', "$stayed.log") or die; close(F);
        unlink("$stayed.log") ? $went++ : $stayed++;
      }
      print "$went $stayed"`;
    const writer = spawn('perl', ['-e', program, scratch.at('kept')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    writer.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    try {
      await once(writer.stdout, 'data');
      for (let n = 0; n < 20; n++) hooks.setRules(n % 2 === 0 ? [...others, kept] : [kept]);
    } finally {
      writeFileSync(scratch.at('end'), '');
      await once(writer, 'close');
    }
    const [went = 0, stayed = 0] = output.split(' ').slice(1).map(Number);
    expect(stayed).toBeGreaterThan(0);
    expect(went).toBeLessThanOrEqual(hooks.missed() + Number(hooks.counters(0).limitFiles));
  });
});
