import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Store } from './store.ts';
import { frameOf } from './testing/frames.ts';

async function onSmallDisk(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'traceprobe-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'traceprobe-test', directory]);
  try {
    await run(directory);
  } finally {
    execFileSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true });
  }
}

// Mounting needs root; without it they fail in mount's words.
test.each([
  ['foreseen', 8 * 2 ** 20],
  ['met in the middle of a transaction', -(2 ** 30)],
])(
  'a full disk, %s, holds frames back until there is room, and loses none',
  async (_, diskReserve) => {
    await onSmallDisk(async (directory) => {
      const path = join(directory, 'store.duckdb');
      const store = await Store.open({ path, threads: 1, memoryLimit: 2 ** 27, commitMs: 5, diskReserve });
      try {
        await store.add(frameOf(1, [{ first: 0, rows: 100 }]));
        const ballast = join(directory, 'ballast');
        try {
          writeFileSync(ballast, Buffer.alloc(64 * 2 ** 20));
        } catch {
          // As much as there is room for.
        }
        const failing = once(store, 'failing');
        let acked = false;
        const added = store.add(frameOf(2, [{ first: 100, rows: 60_000 }])).then(() => {
          acked = true;
        });
        const [why] = (await failing) as [{ failure: string; message: string }];
        expect(why.failure).toBe('disk');
        expect({ acked, failing: store.failing }).toEqual({ acked: false, failing: why });
        unlinkSync(ballast);
        await added;
        expect(store.failing).toBeUndefined();
        await using reader = await store.openReader();
        expect(await reader.rows('SELECT count(*) AS c, count(DISTINCT n) AS d FROM events.opens')).toEqual([
          { c: 60_100n, d: 60_100n },
        ]);
      } finally {
        await store.close();
      }
    });
  },
  30_000,
);
