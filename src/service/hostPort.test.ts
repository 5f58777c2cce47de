import { expect, test } from '@jest/globals';
import { joinHostPort, splitHostPort } from './hostPort.ts';

test.each([
  ['10.0.0.1:9443', '10.0.0.1', 9443],
  ['localhost:0', 'localhost', 0],
  ['[fd00::1]:9443', 'fd00::1', 9443],
])('%s is a host and a port, and back', (address, host, port) => {
  expect(splitHostPort(address)).toEqual({ host, port });
  expect(joinHostPort(host, port)).toBe(address);
});

test('without a host every address is meant', () => {
  expect(splitHostPort(':9443')).toEqual({ host: expect.stringMatching(/^(::|0\.0\.0\.0)$/), port: 9443 });
});
