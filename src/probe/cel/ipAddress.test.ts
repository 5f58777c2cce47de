import { expect, test } from '@jest/globals';
import { ipAddress } from './ipAddress.ts';

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['FE80:0:0:0:0:0:0:1', 'fe80::1'],
  ['fe80::1%2', 'fe80::1%2'],
  ['::', '::'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['2001:db8::', '2001:db8::'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
  ['::ffff:a00:1', '::ffff:10.0.0.1'],
  ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
  ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
])('%s is spelt %s, as inet_ntop() does', (text, spelt) => {
  expect(ipAddress(text)).toBe(spelt);
});

test.each(['10.0.0', '10.0.0.256', 'localhost', '', 'fe80::1%eth0', '1::2::3'])(
  '%j is no address',
  (text) => {
    expect(ipAddress(text)).toBeUndefined();
  },
);
