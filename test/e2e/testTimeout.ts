import { jest } from '@jest/globals';

/** A pod starts in a second or two; a processor that others use as well makes that ten. */
jest.setTimeout(300_000);
