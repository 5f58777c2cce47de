import { expect, test } from '@jest/globals';
import { displayWidth } from './displayWidth.ts';
import { EventTable } from './eventTable.ts';
import { testPoint, testRow } from './testRow.ts';

function table(options: { columns?: number; colours?: boolean; several?: boolean } = {}): EventTable {
  const { columns, colours = false, several = false } = options;
  return new EventTable({ terminalColumns: () => columns, colours, several });
}

const row = (filename: string) => testRow({ fields: { filename, mode: 0, retval: -2 } });

test('a header, then events in columns', () => {
  const lines = table()
    .rows(testPoint, [row('/etc/passwd')])
    .split('\n');
  expect(lines[0]).toMatch(/^TIME {17}PID {2}COMM {13}FILENAME {10}MODE {3}RETVAL$/);
  expect(lines[1]).toMatch(/^\d\d:\d\d:57\.692806 {7}42 {2}cat {14}\/etc\/passwd {7}READ {2}-ENOENT$/);
});

test('the header comes once for events of one point', () => {
  const format = table();
  format.rows(testPoint, [row('a')]);
  expect(format.rows(testPoint, [row('b')])).not.toContain('TIME');
});

test('another point gets its name and header when several run', () => {
  const format = table({ several: true });
  expect(format.rows(testPoint, [row('a')])).toContain('── opens/openat\nTIME');
  expect(format.rows({ ...testPoint, point: 'opens' }, [row('a')])).toContain('── opens\nTIME');
});

test('on a terminal the header comes back after a screen of rows', () => {
  const text = table({ columns: 100 }).rows(
    testPoint,
    Array.from({ length: 41 }, () => row('a')),
  );
  expect(text.match(/TIME/g)).toHaveLength(2);
});

test('lines fit the terminal, the longest value giving way', () => {
  const lines = table({ columns: 80 })
    .rows(testPoint, [row('x'.repeat(500))])
    .trimEnd()
    .split('\n');
  expect(Math.max(...lines.map(displayWidth))).toBe(80);
  expect(lines[1]).toMatch(/xxx… {2}READ {2}-ENOENT$/);
});

test('a terminal narrower than the numbers cuts the line', () => {
  const lines = table({ columns: 20 })
    .rows(testPoint, [row('x')])
    .trimEnd()
    .split('\n');
  for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(20);
});

test('files get whole values', () => {
  expect(table().rows(testPoint, [row('x'.repeat(500))])).toContain(`${'x'.repeat(500)}  READ`);
});

test('control characters of a traced program are visible and move nothing', () => {
  const text = table().rows(testPoint, [{ ...row('\x1b[2J\n\x9b'), comm: 'evil\x07' }]);
  expect(text).toContain('\\x1b[2J\\n\\x9b');
  expect(text).toContain('evil\\x07');
  expect(text.split('\n')).toHaveLength(3);
});

test('a value that was cut where it was captured ends in an ellipsis, in files as well', () => {
  const point = { ...testPoint, maxBytes: new Map([['filename', 8]]) };
  expect(table().rows(point, [{ ...row('/usr/sh'), truncated: 1 }])).toContain('/usr/sh… ');
  expect(table().rows(point, [row('/usr/sh')])).toContain('/usr/sh  ');
});

test('in an interrupt the current task is a bystander and is not shown', () => {
  const text = table().rows(testPoint, [{ ...row('a'), context: 'interrupt' }]);
  expect(text).toContain('-  (interrupt)');
  expect(text).not.toContain('cat');
});

test('a failed system call shows the name of its error, any other result its number', () => {
  const fields = { filename: 'a', mode: 0, retval: 3 };
  expect(table().rows(testPoint, [row('a')])).toContain('-ENOENT\n');
  expect(table().rows(testPoint, [testRow({ fields })])).toMatch(/ 3\n$/);
  expect(table().rows({ ...testPoint, results: new Set() }, [row('a')])).toMatch(/ -2\n$/);
});

test('what could not be read is a dash', () => {
  expect(table().rows(testPoint, [testRow()])).toMatch(/cat {14}- {17}- {10}-\n$/);
});

test('colours are for those who want them', () => {
  expect(table({ colours: true }).rows(testPoint, [row('a')])).toContain('\x1b[1mTIME');
  expect(table().rows(testPoint, [row('a')])).not.toContain('\x1b');
});
