import { expect, test } from '@jest/globals';
import { logEntry } from './createServerLog.ts';

test('values of a line are beside its message, also one that is called message', () => {
  expect(logEntry('warn', 'a frame was refused', { node: 'a', message: 'too long' })).toEqual({
    level: 'warn',
    message: 'a frame was refused',
    node: 'a',
    detail: 'too long',
  });
});
