const swc = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: { target: 'es2024', parser: { syntax: 'typescript' } },
      module: { type: 'nodenext' },
      sourceMaps: 'inline',
    },
  ],
};
const common = { testEnvironment: 'node', extensionsToTreatAsEsm: ['.ts'], transform: swc };

/**
 * unit: no kernel needed, parallel. kernel: loads BPF programs, so one worker (see scripts/test.js);
 * the same files run on this machine's kernel and inside every VM. cluster: starts real Kubernetes API servers, one
 * file at a time. e2e: image and chart on two nodes of kind.
 */
export default {
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/src/**/*.test.ts',
        '<rootDir>/scripts/**/*.test.ts',
        '<rootDir>/test/vm/**/*.test.ts',
        '<rootDir>/test/bench/**/*.test.ts',
      ],
    },
    {
      ...common,
      displayName: 'kernel',
      testMatch: ['<rootDir>/test/kernel/**/*.test.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/kernel/leavesNothingOpen.ts'],
    },
    {
      ...common,
      displayName: 'cluster',
      testMatch: ['<rootDir>/test/cluster/**/*.test.ts'],
      globalSetup: '<rootDir>/test/cluster/globalSetup.ts',
      setupFilesAfterEnv: ['<rootDir>/test/cluster/testTimeout.ts'],
    },
    {
      ...common,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
      globalSetup: '<rootDir>/test/e2e/globalSetup.ts',
      globalTeardown: '<rootDir>/test/e2e/globalTeardown.ts',
      setupFilesAfterEnv: ['<rootDir>/test/e2e/testTimeout.ts'],
    },
  ],
};
