import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

/** TRACEPROBE_KILLS=300 for a long run; each takes about half a second, on a machine that has nothing else to do. */
const kills = Number(process.env['TRACEPROBE_KILLS'] ?? 20);
const child = fileURLToPath(new URL('./testing/ingestChild.ts', import.meta.url));

interface Life {
  stored: number[];
  /** Last frame that was said to be committed. */
  acked: number;
}

/** Runs a child until it has acked some frames, or only just begun, and kills it with no warning. */
async function live(path: string, first: number, acks: number): Promise<Life> {
  const process_ = spawn(process.execPath, ['--no-warnings', child, path, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const life: Life = { stored: [], acked: 0 };
  try {
    let left = acks;
    for await (const line of createInterface({ input: process_.stdout })) {
      const [word, ...numbers] = line.split(' ');
      if (word === 'stored') life.stored = numbers.map(Number);
      else life.acked = Math.max(life.acked, ...numbers.map(Number));
      if (left-- <= 0) process_.kill('SIGKILL');
    }
    return life;
  } finally {
    process_.kill('SIGKILL');
  }
}

test(
  'killed at any moment, the store has what was acked, each event once, and no part of a frame',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'traceprobe-killed-'));
    try {
      const path = join(directory, 'store.duckdb');
      let acked = 0;
      for (let kill = 0; kill < kills; kill++) {
        // Some frames again that were acked, as an agent does that did not hear of it.
        const life = await live(path, Math.max(1, acked - 3), Math.floor(Math.random() * 60));
        const [count = NaN, distinct, next] = life.stored;
        expect({ distinct, next }).toEqual({ distinct: count, next: count });
        expect(count).toBeGreaterThanOrEqual(100 * acked);
        expect(count % 100).toBe(0);
        acked = Math.max(acked, life.acked);
      }
      expect(acked).toBeGreaterThan(kills);
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
  20_000 + 15_000 * kills,
);
