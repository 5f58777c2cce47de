import root from '../../jest.config.js';

const { testEnvironment, extensionsToTreatAsEsm, transform } = root.projects[0];

/** `npm run e2e`: the image and the chart on a Kubernetes node on this machine. */
export default {
  displayName: 'e2e',
  rootDir: '.',
  ...{ testEnvironment, extensionsToTreatAsEsm, transform },
  testMatch: ['<rootDir>/**/*.test.ts'],
  // A pod starts in a second or two; a processor that others use as well makes that ten.
  testTimeout: 120_000,
  // One node at a time.
  maxWorkers: 1,
};
