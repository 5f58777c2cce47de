import { expect, test } from '@jest/globals';
import { fluentdPositions } from './fluentdPositions.ts';
import { PositionsError } from './positionsError.ts';

const read = (text: string): unknown => fluentdPositions(Buffer.from(text), '/var/log/a.pos');

test('a line is path, offset and inode in hexadecimal digits', () => {
  const text =
    '/var/log/containers/a b.log\t00000000000003e8\t0000000000ab54a9\n/var/log/b.log\t0000000000000010\tffffffffffffffff\n';
  expect(read(text)).toEqual([
    { path: '/var/log/containers/a b.log', offset: 1000n, inode: 0xab54a9n },
    { path: '/var/log/b.log', offset: 16n, inode: 2n ** 64n - 1n },
  ]);
});

test('all ones is a file that is not watched any more', () => {
  expect(read('/var/log/a.log\tffffffffffffffff\t0000000000000005\n')).toEqual([
    { path: '/var/log/a.log', offset: 2n ** 64n - 1n, inode: 5n, unwatched: true },
  ]);
});

test('a file whose inode has not been noted yet has none', () => {
  expect(read('/var/log/a.log\t0000000000000000\t0000000000000000\n')).toEqual([
    { path: '/var/log/a.log', offset: 0n },
  ]);
});

test('eight digits of inode are those of version 0.12', () => {
  expect(read('/var/log/a.log\t0000000000000002\t00ab54a9\n')).toEqual([
    { path: '/var/log/a.log', offset: 2n, inode: 0xab54a9n },
  ]);
});

test('of two lines of a path and inode the later one is true', () => {
  const line = (offset: string): string => `/var/log/a.log\t000000000000000${offset}\t0000000000000005\n`;
  expect(read(line('1') + line('2'))).toEqual([{ path: '/var/log/a.log', offset: 2n, inode: 5n }]);
});

test('a line that is not complete, or is none, is passed over', () => {
  const whole = '/var/log/a.log\t0000000000000002\t0000000000000005\n';
  expect(read(`#\n${whole}/var/log/b.log\t0000000000000001\t00000000000000`)).toHaveLength(1);
  expect(read(`${whole}/var/log/b.log\t0000000000000001\t0000000000000006`)).toHaveLength(1);
});

test('an empty file has no positions, and one of other things is refused', () => {
  expect(read('')).toEqual([]);
  expect(() => read('positions:\n')).toThrow(PositionsError);
  expect(() => read('positions:\n')).toThrow(
    "cannot go by the positions in /var/log/a.pos: no line of it is PATH, offset and inode between tabs: name the pos_file of Fluentd's <source>",
  );
});
