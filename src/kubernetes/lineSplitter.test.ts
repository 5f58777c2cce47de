import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LineSplitter, LineTooLongError } from './lineSplitter.ts';

test('lines come out as they went in, wherever the bytes are cut', () => {
  const line = fc
    .string({ unit: 'binary', maxLength: 12 })
    .map((text) => text.replaceAll('\n', '').toWellFormed());
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), fc.array(fc.nat(20), { maxLength: 20 }), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
      const splitter = new LineSplitter();
      const got: string[] = [];
      let start = 0;
      for (const length of [...cuts, bytes.length]) {
        got.push(...splitter.push(bytes.subarray(start, start + length)));
        start += length;
      }
      expect(got).toEqual(lines);
      expect(splitter.pendingBytes).toBe(0);
    }),
    { numRuns: 30 },
  );
});

test('a line of 10 MB in small chunks is one line', () => {
  const splitter = new LineSplitter();
  const chunk = Buffer.alloc(16 * 1024, 'é');
  const lines: string[] = [];
  for (let sent = 0; sent < 10e6; sent += chunk.length) lines.push(...splitter.push(chunk));
  lines.push(...splitter.push(Buffer.from('!\nnext')));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toHaveLength(Math.ceil(10e6 / chunk.length) * 8192 + 1);
  expect(splitter.pendingBytes).toBe(4);
});

test('a line without end is refused instead of filling the memory', () => {
  const splitter = new LineSplitter(10);
  expect([...splitter.push(Buffer.from('0123456789'))]).toEqual([]);
  expect(() => [...splitter.push(Buffer.from('0'))]).toThrow(LineTooLongError);
});
