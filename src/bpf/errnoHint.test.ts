import { expect, test } from '@jest/globals';
import { errnoHint } from './errnoHint.ts';

test.each(['EPERM', 'EACCES', 'E2BIG', 'ENOENT', 'EEXIST', 'ENOMEM', 'EINVAL'])(
  '%s has a hint',
  (errnoName) => {
    expect(errnoHint(errnoName, 'do something')).toMatch(/\w/);
  },
);

test('a hint fits what was attempted', () => {
  expect(errnoHint('ENOENT', 'open BPF object /nowhere')).toBe('there is no such file');
  expect(errnoHint('ENOENT', "pin BpfMap 'counts' to /nowhere/x")).toMatch(/directory does not exist/);
  expect(errnoHint('EPERM', "update an element of BpfMap 'counts'")).toMatch(/frozen/);
  expect(errnoHint('E2BIG', "attach program 'enter' to tracepoint a/b")).toMatch(/64 programs/);
  expect(errnoHint('E2BIG', "update an element of BpfMap 'counts'")).toMatch(/full/);
});

test('an errno without a usual cause has no hint', () => {
  expect(errnoHint('EXDEV', 'load')).toBeUndefined();
});
