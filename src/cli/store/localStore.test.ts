import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { LiveFeed } from '../../aggregator/live.ts';
import { serveLocally } from '../../aggregator/local/serveLocally.ts';
import { storePaths, type StorePaths } from '../../aggregator/local/storePaths.ts';
import { Store } from '../../aggregator/store/store.ts';
import { frameOf } from '../../aggregator/store/testing/frames.ts';
import { runCli } from '../cli.ts';

// Opening a store takes a second, more on a busy machine.
jest.setTimeout(60_000);

let directory: string;
let paths: StorePaths;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-local-'));
  paths = storePaths(join(directory, 'store'));
  mkdirSync(paths.directory);
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

async function openStore(): Promise<Store> {
  return Store.open({ path: paths.file, threads: 1, memoryLimit: 2 ** 28, commitMs: 5, diskReserve: 0 });
}

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map((stream) => {
    let text = '';
    stream.on('data', (data: Buffer) => (text += data.toString()));
    return () => text;
  });
  const code = await runCli(args, { stdout, stderr, env: { XDG_STATE_HOME: directory } });
  return { code, out: texts[0]?.() ?? '', err: texts[1]?.() ?? '' };
}

const count = (store: string): Promise<Awaited<ReturnType<typeof cli>>> =>
  cli('sql', 'SELECT count(*) AS n FROM opens', '--store', store, '-o', 'csv');

/** The store with its socket, as a run or an aggregator has it. */
async function serve(): Promise<AsyncDisposable & { store: Store }> {
  const store = await openStore();
  const quiet = (): void => undefined;
  const feed = new LiveFeed();
  const server = await serveLocally({ store, feed, socket: paths.socket, audit: quiet, onFault: quiet });
  return {
    store,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await store.close();
    },
  };
}

test('a store is asked through its socket while somebody has it, and opened when nobody has', async () => {
  {
    await using served = await serve();
    await served.store.add(frameOf(1, [{ first: 0, rows: 100 }]));
    expect(statSync(paths.socket).mode & 0o777).toBe(0o600);
    expect((await count(paths.directory)).out).toBe('n\r\n100\r\n');
    expect((await cli('store', 'info', paths.directory)).out).toMatch(
      /open in another process\nTABLE +EVENTS/,
    );
  }
  expect(readdirSync(paths.directory)).toEqual(['store.duckdb']);
  expect((await count(paths.directory)).out).toBe('n\r\n100\r\n');
  expect((await cli('store', 'info', paths.directory)).out).toMatch(/not in use\nTABLE .*\nopens +100 /);
  expect(readdirSync(paths.directory)).toEqual(['store.duckdb']);
});

test('the socket that a killed process left is no hindrance', async () => {
  writeFileSync(paths.socket, '');
  await using served = await serve();
  await served.store.add(frameOf(1, [{ first: 0, rows: 3 }]));
  expect((await count(paths.directory)).out).toBe('n\r\n3\r\n');
});

test('two that look at a store at once both see it', async () => {
  const store = await openStore();
  await store.add(frameOf(1, [{ first: 0, rows: 10 }]));
  await store.close();
  const both = await Promise.all([count(paths.directory), count(paths.directory)]);
  expect(both.map(({ out, err }) => out + err)).toEqual(['n\r\n10\r\n', 'n\r\n10\r\n']);
});

test.each([false, true])('a backup is restored to a store of its own (store in use: %s)', async (inUse) => {
  const copy = join(directory, 'backup.duckdb');
  {
    await using served = await serve();
    await served.store.add(frameOf(1, [{ first: 0, rows: 100 }]));
    if (inUse) {
      expect((await cli('store', 'backup', paths.directory, copy)).out).toMatch(
        /backup\.duckdb: \d+\.\d MiB\n/,
      );
      await served.store.add(frameOf(2, [{ first: 100, rows: 50 }]));
    }
  }
  if (!inUse) expect((await cli('store', 'backup', paths.directory, copy)).code).toBe(0);
  const again = await cli('store', 'backup', paths.directory, copy);
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('there is a file already') });

  const restored = join(directory, 'restored');
  expect((await cli('store', 'restore', copy, restored)).err).toBe('');
  expect(readdirSync(restored)).toEqual(['store.duckdb']);
  expect((await count(restored)).out).toBe('n\r\n100\r\n');
  expect((await cli('store', 'restore', copy, restored)).err).toMatch(
    /^error: there is a store in .*restored, and it is not overwritten\n/,
  );
});

test('what is no store is not restored, and nothing is left of the attempt', async () => {
  const file = join(directory, 'text');
  writeFileSync(file, 'no store at all '.repeat(1000));
  const restored = join(directory, 'restored');
  expect((await cli('store', 'restore', file, restored)).err).toMatch(
    /^error: .*text is no backup of a store: /,
  );
  expect(readdirSync(restored)).toEqual([]);
  expect((await cli('store', 'restore', join(directory, 'nothing'), restored)).err).toBe(
    `error: the backup ${directory}/nothing cannot be used: it is not there\n`,
  );
});

test('refusals are in words', async () => {
  const nothing = await cli('sql', 'SELECT 1', '--local');
  expect(nothing).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^error: there is no store in .*\/traceprobe\n/),
  });
  const mixed = await cli('nodes', '--local', '--server', '127.0.0.1:1');
  expect(mixed).toMatchObject({ code: 2, err: 'error: --server is not for a store of this machine\n' });
  const held = await openStore();
  const refused = await count(paths.directory);
  expect(refused.err).toMatch(/^error: another process has the store in .* open\n/);
  await held.close();
}, 20_000);

test('no path is too long without being told so', async () => {
  const long = storePaths(join(directory, 'd'.repeat(90)));
  mkdirSync(long.directory);
  await using store = await Store.open({ path: long.file, threads: 1, memoryLimit: 2 ** 28 });
  const quiet = (): void => undefined;
  const serving = serveLocally({
    store,
    feed: new LiveFeed(),
    socket: long.socket,
    audit: quiet,
    onFault: quiet,
  });
  await expect(serving).rejects.toThrow(/too long for a socket's path: at most \d+ bytes/);
});
