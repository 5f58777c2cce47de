import { expect, test } from '@jest/globals';
import type { ColumnType, FieldKind, ValuePlan } from '../plan.ts';
import { fileBtf } from '../testing/fileBtf.ts';
import { columnValue, naturalColumn } from './columnValue.ts';
import type { ColumnRequest, ColumnValue } from './columnValue.ts';
import { CTypes } from './cTypes.ts';
import type { HookValues } from './hookValues.ts';
import { TypeConflictError } from './planError.ts';
import { prototypeArguments } from './prototypeArguments.ts';
import { parseValuePath } from './valuePath.ts';
import { walkValue } from './walkValue.ts';
import type { Walked } from './walkValue.ts';

const types = new CTypes(fileBtf());

function valuesOf(name: string, changes: Partial<HookValues> = {}): HookValues {
  const prototype = types.functionPrototype(name);
  if (prototype === undefined) throw new Error(`no ${name}`);
  return {
    what: `function ${name}`,
    noun: 'argument',
    args: prototypeArguments(prototype, 6),
    untyped: 0,
    retval: prototype.returns.kind === 'void' ? undefined : prototype.returns,
    withoutReturn: undefined,
    userPointers: false,
    ...changes,
  };
}

function walk(hook: string, text: string, changes: Partial<HookValues> = {}): Walked {
  const parsed = parseValuePath(text);
  if (parsed === undefined) throw new Error(`no path: ${text}`);
  return walkValue(parsed.parts, valuesOf(hook, changes), { path: ['here'], offsets: parsed.offsets });
}

function column(hook: string, text: string, request: ColumnRequest = {}): ColumnValue {
  return columnValue(walk(hook, text), request, { path: ['here'] });
}

/** A value plan in short: what differs from a whole argument. */
function short(value: ValuePlan): Partial<ValuePlan> {
  return Object.fromEntries(
    Object.entries(value).filter(([key, part]) => {
      const isDefault = part === 0 || part === false || (Array.isArray(part) && part.length === 0);
      return !isDefault && !(key === 'userFrom' && part === 255);
    }),
  );
}

test.each<[string, string, ColumnType, FieldKind, Partial<ValuePlan>]>([
  [
    'vfs_unlink',
    'args.dentry.d_name.name',
    'String',
    'string',
    { source: 'argument', index: 1, size: 8, offset: 40 },
  ],
  [
    'vfs_unlink',
    'args.dentry.d_name',
    'String',
    'string',
    { source: 'argument', index: 1, size: 8, offset: 40 },
  ],
  [
    'vfs_unlink',
    'args.dentry.d_parent.d_name.name',
    'String',
    'string',
    { source: 'argument', index: 1, steps: [24], size: 8, offset: 40 },
  ],
  ['vfs_unlink', 'args.dentry', 'Path', 'dentry', { source: 'argument', index: 1 }],
  [
    'vfs_unlink',
    'args.dentry.d_parent',
    'Path',
    'dentry',
    { source: 'argument', index: 1, size: 8, offset: 24 },
  ],
  ['vfs_unlink', 'args.dentry.d_iname', 'String', 'string', { source: 'argument', index: 1, offset: 56 }],
  ['vfs_unlink', 'args.mode', 'Uint64', 'integer', { source: 'argument', index: 2, bits: 16 }],
  ['vfs_unlink', 'args[0].i_ino', 'Uint64', 'integer', { source: 'argument', size: 8, offset: 8 }],
  ['vfs_unlink', 'args.dir.i_uid', 'Uint64', 'integer', { source: 'argument', size: 4, offset: 16 }],
  [
    'vfs_unlink',
    'args.dir.i_flagged',
    'Uint64',
    'integer',
    { source: 'argument', size: 1, offset: 20, shift: 3, bits: 5 },
  ],
  [
    'vfs_unlink',
    'args.dir.i_delta',
    'Int64',
    'integer',
    { source: 'argument', size: 1, offset: 21, bits: 3, signed: true },
  ],
  ['vfs_read', 'args.file', 'Path', 'path', { source: 'argument', offset: 64 }],
  ['vfs_read', 'args.file.f_path', 'Path', 'path', { source: 'argument', offset: 64 }],
  ['vfs_read', 'args.file.f_path.dentry', 'Path', 'dentry', { source: 'argument', size: 8, offset: 72 }],
  ['vfs_read', 'args.file.f_key', 'Bytes', 'bytes', { source: 'argument', offset: 80 }],
  ['vfs_read', 'args.pos', 'Uint64', 'integer', { source: 'argument', index: 3 }],
  ['vfs_read', 'args.pos[0]', 'Int64', 'integer', { source: 'argument', index: 3, size: 8, signed: true }],
  ['vfs_read', 'retval', 'Int64', 'integer', { source: 'return', signed: true }],
  ['vfs_read', 'duration', 'Duration', 'integer', { source: 'duration' }],
  ['vfs_read', 'comm', 'String', 'string', { source: 'comm' }],
  ['vfs_unlink', 'retval', 'Int64', 'integer', { source: 'return', bits: 32, signed: true }],
  ['do_unlinkat', 'args.name', 'String', 'string', { source: 'argument', index: 1, size: 8 }],
  ['do_unlinkat', 'args.dfd', 'Int64', 'integer', { source: 'argument', bits: 32, signed: true }],
  ['tcp_connect', 'args.sk.daddr', 'Ip', 'bytes', { source: 'argument', offset: 4 }],
  ['tcp_connect', 'args.sk.state', 'Int64', 'integer', { source: 'argument', size: 4, offset: 8 }],
  ['tcp_connect', 'args.sk.alive', 'Bool', 'integer', { source: 'argument', size: 1, offset: 12 }],
  [
    'tcp_connect',
    'args.sk.numbers[2]',
    'Int64',
    'integer',
    { source: 'argument', size: 4, offset: 24, signed: true },
  ],
  ['tcp_connect', 'args.addr', 'Ip', 'sockaddr', { source: 'argument', index: 1 }],
  ['tcp_connect', 'args.sk.where', 'Ip', 'sockaddr', { source: 'argument', offset: 32 }],
])('%s: %s is a column of type %s', (hook, text, type, kind, value) => {
  const made = column(hook, text);
  expect({ type: made.type, kind: made.kind, value: short(made.value) }).toEqual({ type, kind, value });
});

test('an enum has the names of its values', () => {
  expect(column('tcp_connect', 'args.sk.state').names).toEqual({ IDLE: 0n, BUSY: 1n });
});

test('a string in kernel memory is read there, one that is tagged __user in user memory', () => {
  expect(column('tell', 'args.text').user).toBe(false);
  expect(column('tell', 'args.user').user).toBe(true);
});

test('where pointers lead to user memory, every read from the first on is of user memory', () => {
  const values: Partial<HookValues> = { userPointers: true };
  const family = naturalColumn(walk('tcp_connect', 'args.addr.sa_family', values));
  expect(family?.value).toMatchObject({ size: 2, steps: [], userFrom: 0 });
  const name = naturalColumn(walk('do_unlinkat', 'args.name', values));
  expect(name).toMatchObject({ user: true, value: { size: 8, steps: [], userFrom: 0 } });
  const text = naturalColumn(walk('tell', 'args.text', values));
  // The argument itself is in a register; only the string is in user memory.
  expect(text).toMatchObject({ user: true, value: { size: 0, userFrom: 255 } });
});

test('a structure of one register is taken apart there', () => {
  const id = walk('take', 'args.id.val');
  expect(naturalColumn(id)?.value).toMatchObject({
    source: 'argument',
    index: 3,
    size: 0,
    shift: 0,
    bits: 32,
  });
  expect(() => walk('take', 'args.first.a')).toThrow(
    'args.first cannot be read: a struct wide is passed in two registers',
  );
});

test.each<[string, string, ColumnRequest, ColumnType, FieldKind, number]>([
  ['vfs_unlink', 'args.dentry.d_name.name', { maxBytes: 20 }, 'String', 'string', 20],
  ['vfs_unlink', 'args.dentry.d_name.name', {}, 'String', 'string', 256],
  ['vfs_unlink', 'args.dentry.d_iname', {}, 'String', 'string', 40],
  ['vfs_unlink', 'args.dentry.d_iname', { maxBytes: 400 }, 'String', 'string', 40],
  ['vfs_unlink', 'args.dentry', {}, 'Path', 'dentry', 4096],
  ['vfs_unlink', 'args.dentry', { type: 'String' }, 'String', 'dentry', 4096],
  ['vfs_unlink', 'args.dentry', { type: 'Uint64' }, 'Uint64', 'integer', 0],
  ['vfs_unlink', 'args.dentry.d_inode', { type: 'Uint64' }, 'Uint64', 'integer', 0],
  ['vfs_unlink', 'args.dentry.d_inode', { type: 'Bytes' }, 'Bytes', 'bytes', 32],
  ['vfs_read', 'args.buf', { type: 'Bytes', maxBytes: 64 }, 'Bytes', 'bytes', 64],
  ['vfs_read', 'args.buf', { type: 'Bytes', hasLength: true }, 'Bytes', 'bytes', 256],
  ['vfs_read', 'args.buf', { type: 'String', hasLength: true }, 'String', 'bytes', 256],
  ['vfs_read', 'args.file.f_key', { type: 'Ip' }, 'Ip', 'bytes', 16],
  ['vfs_read', 'args.count', { type: 'Duration' }, 'Duration', 'integer', 0],
  ['vfs_read', 'args.count', { type: 'Int64' }, 'Int64', 'integer', 0],
  ['tcp_connect', 'args.addr', { type: 'String' }, 'String', 'sockaddr', 128],
  ['tcp_connect', 'args.addr', { type: 'Bytes', maxBytes: 8 }, 'Bytes', 'bytes', 8],
])('%s: %s asked for as %j', (hook, text, request, type, kind, maxBytes) => {
  expect(column(hook, text, request)).toMatchObject({ type, kind, maxBytes });
});

test('an int asked for as Uint64 is not extended by its sign', () => {
  expect(column('do_unlinkat', 'args.dfd', { type: 'Uint64' }).value).toMatchObject({
    bits: 32,
    signed: false,
  });
});

test.each<[string, string, ColumnRequest, string]>([
  [
    'vfs_unlink',
    'args.dir',
    {},
    'args.dir is a struct inode *, which is no value by itself: choose a member (i_mode, i_ino, i_uid, i_flagged, i_delta), or set type: Uint64 for the address',
  ],
  [
    'tcp_connect',
    'args.sk',
    { type: 'String' },
    'args.sk is a struct sock *, which cannot be String: it can be Int64, Uint64, Bytes',
  ],
  [
    'vfs_read',
    'args.buf',
    { type: 'Bytes' },
    'args.buf is a char * of unknown length: type Bytes needs maxBytes or length with it',
  ],
  [
    'vfs_read',
    'args.buf',
    { type: 'Path' },
    'args.buf is a char *, which cannot be Path: it can be Int64, Uint64, String, Bytes',
  ],
  [
    'do_unlinkat',
    'args.dfd',
    { type: 'String' },
    'args.dfd is an int, which cannot be String: it can be Int64, Uint64, Bool, Duration, Ip',
  ],
  [
    'do_unlinkat',
    'args.dfd',
    { type: 'Float64' },
    "args.dfd is an int: neither the kernel nor a probe's registers hold floating-point numbers; use Int64 or Uint64",
  ],
])('%s: %s as %j is refused', (hook, text, request, message) => {
  expect(() => column(hook, text, request)).toThrow(new TypeConflictError({ path: ['here'] }, message));
});

test.each<[string, string, string, number, number]>([
  [
    'vfs_unlink',
    'args.dentri',
    'function vfs_unlink has no argument dentri; did you mean dentry? There are: dir, dentry, mode',
    1,
    5,
  ],
  [
    'vfs_unlink',
    'args[3]',
    'function vfs_unlink has no argument number 3. There are: dir, dentry, mode',
    1,
    5,
  ],
  [
    'vfs_unlink',
    'args.dentry.d_nam.name',
    'struct dentry (args.dentry) has no member d_nam on this kernel; did you mean d_name? There are: d_parent, d_name, d_inode, d_iname',
    2,
    12,
  ],
  [
    'vfs_unlink',
    'args.mode.x',
    'args.mode is an unsigned short, no pointer and no structure, so it has no members',
    2,
    10,
  ],
  ['vfs_read', 'args.buf.x', 'args.buf is a char *, which leads to no structure, so it has no members', 2, 9],
  [
    'vfs_read',
    'args.count[0]',
    'args.count is a size_t, no array and no pointer, so [0] means nothing',
    2,
    11,
  ],
  [
    'tcp_connect',
    'args.sk.numbers.x',
    'args.sk.numbers is an array (int[4]): say which element with [0] before the member',
    3,
    16,
  ],
  [
    'tcp_connect',
    'args.sk.numbers[4]',
    'args.sk.numbers has 4 elements, [0] to [3], so [4] is beyond its end',
    3,
    16,
  ],
  ['tell', 'retval', 'function tell has no retval: it returns void', 0, 0],
  ['tell', 'nothing', 'nothing is no value of function tell. There are: args, duration', 0, 0],
  ['many', 'args.g', 'args.g cannot be read: only the first 6 words of arguments are seen', 1, 5],
])('%s: %s is refused with the place in it', (hook, text, message, part, offset) => {
  let error: unknown;
  try {
    walk(hook, text);
  } catch (caught) {
    error = caught;
  }
  expect(error).toMatchObject({ message, part, offset, path: ['here'] });
});

test('no more than four pointers are followed for one value', () => {
  const four = 'args.dentry.d_parent.d_parent.d_parent.d_parent.d_name.name';
  expect(naturalColumn(walk('vfs_unlink', four))?.value).toMatchObject({
    steps: [24, 24, 24, 24],
    size: 8,
    offset: 40,
  });
  expect(() => walk('vfs_unlink', `args.dentry${'.d_parent'.repeat(5)}.d_inode.i_ino`)).toThrow(
    'more than 4 pointers',
  );
});
