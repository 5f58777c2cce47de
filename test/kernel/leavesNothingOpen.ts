// Set up before each test file of this project.
import { afterAll, expect } from '@jest/globals';
import { openBpfFds } from './openFds.ts';

afterAll(() => {
  expect(openBpfFds()).toEqual([]);
});
