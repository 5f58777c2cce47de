import { expect, test } from '@jest/globals';
import { Csv } from './csv.ts';
import { testPoint, testRow } from './testRow.ts';

const header = 'time,probe,point,node,pid,tid,ppid,uid,gid,comm,context,filename,mode,retval,truncated\r\n';
const before = '2026-11-21T12:14:57.692806287Z,opens,openat,n,42,43,1,1000,100,cat,task,';

function csv(filename: string | null, forTerminal = false): string {
  const fields = { filename, mode: 0, retval: 3 };
  return new Csv({ node: 'n', forTerminal }).rows(testPoint, [testRow({ fields })]);
}

test('the header comes once for events of one point', () => {
  const format = new Csv({ node: 'n', forTerminal: false });
  const rows = [testRow({ fields: { filename: 'a', mode: 0, retval: 3 } })];
  expect(format.rows(testPoint, rows)).toBe(`${header}${before}a,READ,3,0\r\n`);
  expect(format.rows(testPoint, rows)).toBe(`${before}a,READ,3,0\r\n`);
});

test('another point begins with its header', () => {
  const format = new Csv({ node: 'n', forTerminal: false });
  format.rows(testPoint, [testRow()]);
  expect(format.rows({ ...testPoint, point: 'other' }, [testRow()])).toContain(header);
});

test('commas, quotes and line ends are quoted', () => {
  expect(csv('a,"b"\nc')).toBe(`${header}${before}"a,""b""\nc",READ,3,0\r\n`);
});

test('null and an empty string differ', () => {
  expect(csv(null)).toContain(`${before},READ`);
  expect(csv('')).toContain(`${before}"",READ`);
});

test('an event with cut values says how many', () => {
  const fields = { filename: 'aaaa', mode: 0, retval: 3 };
  const text = new Csv({ node: 'n', forTerminal: false }).rows(testPoint, [
    testRow({ fields, truncated: 1 }),
  ]);
  expect(text).toBe(`${header}${before}aaaa,READ,3,1\r\n`);
});

test('files have values as they are, terminals have control characters made visible', () => {
  expect(csv('\x1b[2J')).toContain('\x1b[2J');
  expect(csv('\x1b[2J', true)).toContain('\\x1b[2J');
});
