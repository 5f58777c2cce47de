import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { captureNames } from './captureNames.ts';
import { celReservedWords, reservedNames } from './eventFields.ts';

test.each([
  ['its last member', ['args.dentry.d_name.name', 'retval'], ['name', 'retval']],
  ['no index', ['args.argv[0]', 'args.vec[1].iov_len'], ['argv', 'iov_len']],
  ['lower case', ['args.Foo', 'args.__data_loc'], ['foo', 'data_loc']],
  ['the member before where the last is reserved', ['args.pid', 'args.task.comm'], ['arg_pid', 'task_comm']],
  ['the member that differs', ['args.old.d_name.name', 'args.new.d_name.name'], ['old_name', 'new_name']],
  ['a number where paths are the same', ['args.flags', 'args.flags'], ['arg_flags', 'arg_flags_2']],
  ['the namespace of a pod', ['k8s.namespace', 'k8s.pod'], ['k8s_namespace', 'pod']],
])('a capture is named after %s', (_, paths, names) => {
  expect(captureNames(paths)).toEqual(names);
});

test('a name that is taken is not used again', () => {
  expect(captureNames(['args.dentry.name'], ['name'])).toEqual(['dentry_name']);
});

test('names are unique, and not reserved where the path has more than one member', () => {
  const member = fc.constantFrom('pid', 'in', 'name', 'd_name', 'X', 'flags', 'comm');
  const path = fc
    .array(member, { minLength: 1, maxLength: 4 })
    .map((members) => ['args', ...members].join('.'));
  fc.assert(
    fc.property(fc.array(path, { maxLength: 16 }), (paths) => {
      const names = captureNames(paths);
      expect(new Set(names).size).toBe(names.length);
      expect([...reservedNames, ...celReservedWords].filter((name) => names.includes(name))).toEqual([]);
    }),
  );
});
