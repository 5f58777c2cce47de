import { afterAll, expect, test } from '@jest/globals';
import { Btf, ClosedError, type BtfType } from '../../src/bpf/index.ts';
import { compileFixture } from './compileFixture.ts';

const vmlinux = Btf.vmlinux();
afterAll(() => {
  vmlinux.close();
});

interface TypesOfKind {
  struct: Extract<BtfType, { members: unknown }>;
  enum: Extract<BtfType, { values: unknown }>;
}

/** The type of that name, which has to be there. */
function typeOf<K extends keyof TypesOfKind>(btf: Btf, kind: K, name: string): TypesOfKind[K] {
  const id = btf.find(kind, name);
  if (id === undefined) throw new Error(`no ${kind} ${name}`);
  return btf.type(id) as TypesOfKind[K];
}

test('a struct has its members with offsets, sizes and types', () => {
  const file = typeOf(vmlinux, 'struct', 'path');
  expect(file.size).toBe(16);
  expect(
    file.members.map(({ name, bitOffset, bitSize, bitField }) => [name, bitOffset, bitSize, bitField]),
  ).toEqual([
    ['mnt', 0, 64, false],
    ['dentry', 64, 64, false],
  ]);
  const dentry = vmlinux.type(file.members[1]?.type ?? 0);
  expect(dentry.kind).toBe('ptr');
  expect(dentry.kind === 'ptr' && vmlinux.type(dentry.type)).toMatchObject({
    kind: 'struct',
    name: 'dentry',
  });
});

test('bit-fields tell their width', () => {
  const task = typeOf(vmlinux, 'struct', 'task_struct');
  const member = task.members.find(({ name }) => name === 'in_execve');
  expect(member).toMatchObject({ bitField: true, bitSize: 1 });
});

test('arrays, unions and anonymous members are told apart', () => {
  const task = typeOf(vmlinux, 'struct', 'task_struct');
  const comm = vmlinux.type(task.members.find(({ name }) => name === 'comm')?.type ?? 0);
  expect(comm).toMatchObject({ kind: 'array', length: 16 });
  expect(comm.kind === 'array' && vmlinux.type(comm.elemType)).toMatchObject({
    kind: 'int',
    name: 'char',
    size: 1,
  });
  const anonymous = typeOf(vmlinux, 'struct', 'dentry').members.filter(({ name }) => name === '');
  expect(anonymous.map(({ type }) => vmlinux.type(type).kind)).toContain('union');
});

test('enums have their values', () => {
  const type = typeOf(vmlinux, 'enum', 'pid_type');
  expect(type.values.slice(0, 2)).toEqual([
    { name: 'PIDTYPE_PID', value: 0n },
    { name: 'PIDTYPE_TGID', value: 1n },
  ]);
});

test('a function has its parameters by name and type', () => {
  const proto = vmlinux.prototype('vfs_read');
  expect(proto?.params.map(({ name }) => name)).toEqual(['file', 'buf', 'count', 'pos']);
  expect(vmlinux.sizeOf(proto?.returnType ?? 0)).toBe(8);
  expect(vmlinux.prototype('no_such_function')).toBeUndefined();
});

test('typedefs and qualifiers resolve to what they stand for', () => {
  const id = vmlinux.find('typedef', 'pid_t') ?? 0;
  expect(vmlinux.type(vmlinux.resolve(id))).toMatchObject({
    kind: 'int',
    name: 'int',
    signed: true,
    size: 4,
  });
  expect(vmlinux.sizeOf(id)).toBe(4);
  expect(vmlinux.sizeOf(0)).toBeUndefined();
});

test('functions are listed by pattern', () => {
  const all = vmlinux.functions();
  expect(all.length).toBeGreaterThan(10_000);
  expect(vmlinux.functions('vfs_rmd?r')).toEqual(['vfs_rmdir']);
  expect(vmlinux.functions(/^vfs_rmdir$/)).toEqual(['vfs_rmdir']);
  expect(vmlinux.functions('vfs_(x)')).toEqual([]);
});

test('an object file has its own types', () => {
  using btf = Btf.file(compileFixture('counter'));
  const enter = typeOf(btf, 'struct', 'enter');
  expect(enter.members.map(({ name, bitOffset }) => [name, bitOffset])).toEqual([
    ['common', 0],
    ['number', 64],
    ['args', 128],
  ]);
  const rodata = btf.type(btf.find('datasec', '.rodata') ?? 0);
  expect(rodata.kind === 'datasec' && rodata.variables.map(({ type }) => btf.type(type).name)).toEqual([
    'target_pid',
    'step',
  ]);
  expect(btf.find('struct', 'task_struct')).toBeUndefined();
});

test('a module’s BTF knows the kernel’s types and its own functions', () => {
  const [name] = Btf.modules();
  if (name === undefined) {
    expect(() => Btf.module('no_such_module', vmlinux)).toThrow(
      /BTF of kernel module no_such_module.*\(ENOENT\)/,
    );
    return;
  }
  using btf = Btf.module(name, vmlinux);
  expect(btf.find('struct', 'task_struct')).toBe(vmlinux.find('struct', 'task_struct'));
  expect(btf.functions().length).toBeGreaterThan(0);
  expect(btf.functions()).not.toContain('vfs_read');
});

test('what is no type is refused by number, kind and name', () => {
  expect(() => vmlinux.type(vmlinux.typeCount)).toThrow(
    /^Btf\.type: id must be less than \d+ \(Btf 'vmlinux'\), not/,
  );
  expect(() => vmlinux.find('class' as never, 'x')).toThrow(
    /Btf\.find: kind must be one of "int", .*, not "class"/,
  );
  expect(vmlinux.find('struct', 'no_such_struct')).toBeUndefined();
  expect(() => Btf.file('/etc/hostname')).toThrow(/read the BTF of \/etc\/hostname/);
});

test('closing twice is fine, and use after close names the BTF', () => {
  const btf = Btf.file(compileFixture('counter'));
  btf.close();
  btf.close();
  expect(() => btf.type(1)).toThrow(new ClosedError(`Btf '${compileFixture('counter')}'`));
});
