import { jest } from '@jest/globals';

// A bound against hanging, not a measure: VMs are emulated, some twenty times slower than this machine.
jest.setTimeout(180_000);
