import { expect, test } from '@jest/globals';
import { Writable } from 'node:stream';
import { TextOutput } from './textOutput.ts';

/** A stream that takes a text when it is told to. */
function slowStream(): { stream: Writable; taken: string[]; take: () => void; fail: (code: string) => void } {
  const taken: string[] = [];
  let pending: ((error?: Error) => void) | undefined;
  const stream = new Writable({
    highWaterMark: 4,
    write: (chunk: Buffer, _encoding, callback) => {
      taken.push(String(chunk));
      pending = callback;
    },
  });
  const take = (): void => {
    pending?.();
  };
  const fail = (code: string): void => {
    pending?.(Object.assign(new Error(`write ${code}`), { code }));
  };
  return { stream, taken, take, fail };
}

test('a write is over when the reader has taken it', async () => {
  const { stream, take } = slowStream();
  let over = false;
  const written = new TextOutput(stream, {}).write('more than four').then((taken) => {
    over = true;
    return taken;
  });
  await new Promise(setImmediate);
  expect(over).toBe(false);
  take();
  expect(await written).toBe(true);
});

test('a reader that goes away is no failure, and ends every wait', async () => {
  const { stream, fail } = slowStream();
  const output = new TextOutput(stream, {});
  const written = output.write('more than four');
  fail('EPIPE');
  expect(await written).toBe(false);
  expect(output.gone.aborted).toBe(true);
  expect(output.failure).toBeUndefined();
  expect(await output.write('again')).toBe(false);
  await output.flushed();
});

test('a full disk is a failure', async () => {
  const { stream, fail } = slowStream();
  const output = new TextOutput(stream, {});
  const written = output.write('more than four');
  fail('ENOSPC');
  expect(await written).toBe(false);
  expect(output.failure?.message).toBe('write ENOSPC');
});

test('colours are for terminals whose user does not object', () => {
  const terminal = Object.assign(new Writable(), { isTTY: true });
  expect(new TextOutput(terminal, {}).colours).toBe(true);
  expect(new TextOutput(terminal, { NO_COLOR: '1' }).colours).toBe(false);
  expect(new TextOutput(terminal, { NO_COLOR: '' }).colours).toBe(true);
  expect(new TextOutput(terminal, { TERM: 'dumb' }).colours).toBe(false);
  expect(new TextOutput(new Writable(), {}).colours).toBe(false);
});

test('a terminal that does not tell its width is as wide as they always were', () => {
  expect(new TextOutput(Object.assign(new Writable(), { isTTY: true, columns: 0 }), {}).columns).toBe(80);
  expect(new TextOutput(Object.assign(new Writable(), { isTTY: true, columns: 132 }), {}).columns).toBe(132);
  expect(new TextOutput(new Writable(), {}).columns).toBeUndefined();
});
