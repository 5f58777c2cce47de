import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { until } from '../../src/testing/until.ts';
import { Scratch } from './delayedUnlinkFixture.ts';
import { bestWay, oneWay } from './eachWay.ts';

const kills = Number(process.env['TRACEPROBE_KILLS'] ?? 3);
const filesARound = 12;
const pinDirectory = `/sys/fs/bpf/delayed_unlinks_killed_${process.pid}`;

/** An agent in a process of its own. */
class Agent {
  readonly deleted: string[] = [];
  readonly #child: ChildProcess;
  readonly ready: Promise<void>;
  #lines = 0;

  constructor(scratch: Scratch) {
    const program = new URL('children/keepLogs.ts', import.meta.url).pathname;
    const files = [scratch.at('logs'), scratch.at('pos'), pinDirectory, scratch.at('kept.jsonl')];
    this.#child = spawn(process.execPath, [program, bestWay, ...files], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.#child.stdout === null) throw new Error('no output');
    this.ready = new Promise((resolve, reject) => {
      this.#child.once('exit', () => {
        reject(new Error('the agent ended'));
      });
      createInterface(this.#child.stdout ?? process.stdin).on('line', (line) => {
        this.#lines++;
        if (line === 'ready') resolve();
        else if (line.includes('"Deleted"')) this.deleted.push((JSON.parse(line) as { path: string }).path);
      });
    });
  }

  /** Once it has told so many things. */
  async told(lines: number): Promise<void> {
    await until(() => this.#lines >= lines);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.ready.catch(() => undefined);
    this.#child.kill('SIGKILL');
    await once(this.#child, 'close');
  }
}

oneWay('an agent that is killed again and again', () => {
  test('has deleted every kept file once in the end, and none before it was read', async () => {
    using scratch = new Scratch();
    scratch.directory('logs');
    writeFileSync(scratch.at('pos'), '');
    const unread = new Set<string>();
    const all: string[] = [];
    const read = (path: string): void => {
      const { ino, size } = statSync(path);
      const hexadecimal = [size, ino].map((number) => number.toString(16).padStart(16, '0'));
      unread.delete(path);
      appendFileSync(scratch.at('pos'), `${[path, ...hexadecimal].join('\t')}\n`);
    };
    const deleted: string[] = [];
    let agent = new Agent(scratch);
    try {
      await agent.ready;
      for (let round = 0; round < kills; round++) {
        for (let n = 0; n < filesARound; n++) {
          const path = scratch.file(`logs/${round}-${n}.log`, `line of ${round}-${n}\n`);
          rmSync(path);
          all.push(path);
          unread.add(path);
        }
        const some = [...unread].filter(() => Math.random() < 0.5);
        for (const path of some) read(path);
        // Somewhere amid what it does with them.
        await agent.told(1 + Math.floor(Math.random() * filesARound));
        await agent.kill();
        deleted.push(...agent.deleted);
        expect([...unread].filter((path) => !existsSync(path))).toEqual([]);
        agent = new Agent(scratch);
        await agent.ready;
        expect([...unread].filter((path) => !existsSync(path))).toEqual([]);
      }
      for (const path of [...unread]) read(path);
      await until(() => all.every((path) => !existsSync(path)));
      await agent.kill();
      deleted.push(...agent.deleted);
      expect(deleted.length).toBe(new Set(deleted).size);
    } finally {
      await agent.kill();
      rmSync(pinDirectory, { recursive: true, force: true });
    }
  });
});
