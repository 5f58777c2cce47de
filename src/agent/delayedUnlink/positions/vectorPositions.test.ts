import { expect, test } from '@jest/globals';
import { matchPositions } from './matchPositions.ts';
import { PositionsError } from './positionsError.ts';
import { vectorPositions } from './vectorPositions.ts';

const read = (text: string): ReturnType<typeof vectorPositions> =>
  vectorPositions(Buffer.from(text), '/var/lib/vector/in/checkpoints.json');

const checkpoint = (fingerprint: string, position: string): string =>
  `{"version":"1","checkpoints":[{"fingerprint":${fingerprint},"position":${position},"modified":"2024-06-12T08:00:00.1Z"}]}`;

test('a file is noted by device and inode', () => {
  expect(read(checkpoint('{"dev_inode":[66305,18446744073709551615]}', '9007199254740993'))).toEqual([
    { device: 66305n, inode: 2n ** 64n - 1n, offset: 9007199254740993n },
  ]);
});

test("a file is noted by the checksum of its first line, as Vector's own tests have it", () => {
  const notes = read(checkpoint('{"first_lines_checksum":11081174131906673079}', '6'));
  const file = { path: '/a', inode: 1n, device: 1n, size: 12n, head: () => Buffer.from('hello\nworld\n') };
  expect(matchPositions(notes, 0).of(file)?.offset).toBe(6n);
});

test('a kind of fingerprint that is not known is of no file', () => {
  expect(read(checkpoint('{"unknown":5}', '6'))).toEqual([{ offset: 6n }]);
});

test('another version is refused as such', () => {
  expect(() => read('{"version":"2","checkpoints":[]}')).toThrow(
    'its version is "2", and 1 is what is known',
  );
});

test.each([
  '',
  '{}',
  '[]',
  '{"version":"1"}',
  '{"version":"1","checkpoints":[null]}',
  checkpoint('{}', '-1'),
])('%j is refused', (text) => {
  expect(() => read(text)).toThrow(PositionsError);
  expect(() => read(text)).toThrow("name the folder of the source in Vector's data_dir");
});
