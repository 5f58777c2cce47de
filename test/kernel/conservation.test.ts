import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Epochs } from '../../src/agent/epochs.ts';
import { synchronize } from '../../src/bpf/index.ts';
import { decodeHead, type BatchHead } from '../../src/codec/decodeBatch.ts';

const pins = `/sys/fs/bpf/traceprobe-test-${process.pid}`;
let directory: string;
const children: ChildProcess[] = [];
/** Starting a process takes twenty times longer in an emulated machine. */
const rounds = process.env['TRACEPROBE_TEST_KERNEL'] === 'host' ? 8 : 2;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
  if (!existsSync(pins)) return;
  for (const pin of readdirSync(pins)) rmSync(join(pins, pin));
  rmSync(pins, { recursive: true });
});

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

/** Opens files that do not exist, as fast as it can, until killed. */
const load = `const fs = require('node:fs');
process.stdout.write('loading\\n');
for (let i = 0; ; i++) try { fs.openSync('/nonexistent/' + i) } catch {}`;

/** Batches behind their lengths; a kill can cut the last one. */
function batchesOf(file: string): BatchHead[] {
  const bytes = readFileSync(file);
  const heads: BatchHead[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    if (at + 4 + length > bytes.length) break;
    heads.push(decodeHead(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return heads;
}

/** A moment of the machine's choosing, but the same length of work on a slow one: so many rounds of the event loop. */
async function aWhile(rounds: number): Promise<void> {
  for (let i = 0; i < rounds; i++) await new Promise((resolve) => setImmediate(resolve));
}

test('after kill -9 at any moment the counters say what was captured, and what is missing is a number', async () => {
  for (let round = 0; round < rounds; round++) {
    const file = join(directory, `batches-${round}`);
    const agent = start(
      join(import.meta.dirname, 'captureToFile.ts'),
      file,
      pins,
      join(directory, 'journals'),
    );
    await once(agent.stdout as NodeJS.ReadableStream, 'data');
    const opener = start('-e', load);
    await once(opener.stdout as NodeJS.ReadableStream, 'data');
    await aWhile(Math.floor(Math.random() * 100_000));
    agent.kill('SIGKILL');
    await once(agent, 'exit');
    opener.kill('SIGKILL');
    await once(opener, 'exit');
    await synchronize();

    const epochs = new Epochs(pins, join(directory, 'journals'));
    const [dead, ...others] = epochs.dead();
    expect(others).toEqual([]);
    expect(dead?.pid).toBe(agent.pid);
    const batches = batchesOf(file);
    expect(batches.every(({ epoch }) => epoch.equals(dead?.epoch ?? Buffer.alloc(0)))).toBe(true);
    let captured = 0n;
    let accountedFor = 0n;
    for (const { counters, point } of dead?.slots ?? []) {
      if (counters === undefined) throw new Error('the counters are gone');
      const { attempted, filtered, lostRing, lostShare, lostRate, lostNesting, lostUnpaired } = counters;
      const lost = lostRing + lostShare + lostRate + lostNesting + lostUnpaired;
      expect({ point, open: counters.opened - counters.closed }).toEqual({
        point,
        open: attempted - filtered - counters.captured - lost,
      });
      captured += counters.captured;
    }
    for (const batch of batches) accountedFor += BigInt(batch.rows) + batch.filtered;
    expect(captured).toBeGreaterThan(0n);
    expect(accountedFor).toBeLessThanOrEqual(captured);

    // What was stored is a beginning without gaps.
    let next = 0n;
    for (const { firstSequence, rows } of batches) {
      if (rows > 0) expect(firstSequence).toBe(next);
      next += BigInt(rows);
    }
    if (dead !== undefined) epochs.forget(dead.epoch);
    expect(epochs.dead()).toEqual([]);
  }
});

test('an epoch of an agent that is alive is left alone', async () => {
  const journals = join(directory, 'journals');
  const agent = start(
    join(import.meta.dirname, 'captureToFile.ts'),
    join(directory, 'batches'),
    pins,
    journals,
  );
  await once(agent.stdout as NodeJS.ReadableStream, 'data');
  expect(new Epochs(pins, journals).dead()).toEqual([]);
  agent.kill('SIGKILL');
  await once(agent, 'exit');
  expect(new Epochs(pins, journals).dead()).toHaveLength(1);
});
