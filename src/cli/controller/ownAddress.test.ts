import { hostname } from 'node:os';
import { expect, test } from '@jest/globals';
import { ownAddress } from './ownAddress.ts';

test.each([
  [':9443', { POD_IP: '10.1.2.3' }, '10.1.2.3:0'],
  [':9443', { POD_IP: 'fd00::7' }, '[fd00::7]:0'],
  ['[::1]:9443', {}, '[::1]:0'],
  [':9443', {}, `${hostname()}:0`],
])('a replica that listens on %s with %j is reached at %s', (listen, environment, address) => {
  expect(ownAddress(listen, environment)).toBe(address);
});
