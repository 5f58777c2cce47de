import { expect, test } from '@jest/globals';
import { lastJson } from './lastJson.ts';

test('of what a child printed, the last line of JSON counts', () => {
  expect(lastJson('listening on 7\n{"rows":1}\n{"rows":2}\nbye\n')).toEqual({ rows: 2 });
});

test('without one, what was printed instead is in the error', () => {
  expect(() => lastJson('no such file')).toThrow('no line of JSON was printed, but: no such file');
});
