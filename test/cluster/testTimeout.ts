import { jest } from '@jest/globals';

/** A test may start an API server of its own: 3 s on an idle machine. (A project of jest.config.js has no timeout.) */
jest.setTimeout(60_000);
