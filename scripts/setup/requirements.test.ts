import { expect, test } from '@jest/globals';
import { checkSystem } from './requirements.js';

const fine = { platform: 'linux', release: '6.1.0-44-amd64', nodeVersion: '20.19.0' };

test('the oldest supported kernel and Node are accepted, and newer ones', () => {
  expect(() => {
    checkSystem(fine);
    checkSystem({ ...fine, release: '7.0', nodeVersion: '24.1.0' });
    checkSystem({ ...fine, release: '10.0.3-rc1' });
  }).not.toThrow();
});

test.each([
  [{ platform: 'darwin' }, 'TraceProbe: it traces a Linux kernel, and this is darwin.\nRun it on Linux 6.1'],
  [
    { release: '5.15.0-91-generic' },
    'it needs Linux 6.1 or later, and this is 5.15.0-91-generic.\nBoot a newer',
  ],
  [{ release: '6.0.19' }, 'it needs Linux 6.1 or later, and this is 6.0.19.'],
  [{ nodeVersion: '18.20.4' }, 'it needs Node 20 or later, and this is Node 18.20.4.\nInstall a newer Node'],
])('%j is refused with a sentence and what to do', (difference, message) => {
  expect(() => {
    checkSystem({ ...fine, ...difference });
  }).toThrow(message);
});
