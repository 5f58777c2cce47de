import { expect, test } from '@jest/globals';
import type { Row } from '../../codec/rowsOf.ts';
import { JsonLines } from './jsonLines.ts';
import { testPoint, testRow } from './testRow.ts';

function parsed(row: Partial<Row>): Record<string, unknown> {
  return JSON.parse(new JsonLines('node-1').rows(testPoint, [testRow(row)])) as Record<string, unknown>;
}

test('an event is one line with what every event has, then the captured fields', () => {
  const fields = { filename: '/etc/passwd', mode: 1, retval: -2 };
  const text = new JsonLines('node-1').rows(testPoint, [testRow({ fields })]);
  expect(text).toBe(
    '{"time":"2026-11-21T12:14:57.692806287Z","probe":"opens","point":"openat","node":"node-1","pid":42,"tid":43,' +
      '"ppid":1,"uid":1000,"gid":100,"comm":"cat","context":"task","filename":"/etc/passwd","mode":"WRITE","retval":-2}\n',
  );
});

test('an unknown value of an enum stays a number', () => {
  expect(parsed({ fields: { mode: 7 } })['mode']).toBe(7);
});

test('integers beyond 2^53 are strings', () => {
  expect(parsed({ fields: { retval: 2n ** 63n } })['retval']).toBe('9223372036854775808');
});

test('bytes are base64', () => {
  expect(parsed({ fields: { filename: Uint8Array.of(0, 255) } })['filename']).toBe('AP8=');
});

test('what could not be read is null', () => {
  expect(parsed({ fields: { filename: null } })['filename']).toBeNull();
  expect(parsed({ fields: {} })['retval']).toBeNull();
});

test('control characters are escaped, so that a terminal shows and does not obey them', () => {
  const text = new JsonLines('n').rows(testPoint, [testRow({ fields: { filename: '\x1b[2J\x9b2J\u202e' } })]);
  expect(text).toContain('"filename":"\\u001b[2J\\u009b2J\\u202e"');
});

test('an event with cut values says how many', () => {
  expect(parsed({ truncated: 2 })['truncated']).toBe(2);
  expect(parsed({})).not.toHaveProperty('truncated');
});
