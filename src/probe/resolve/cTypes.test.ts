import { expect, test } from '@jest/globals';
import { FakeBtf } from '../testing/fakeBtf.ts';
import { aType, sizeOf } from './cType.ts';
import { CTypes } from './cTypes.ts';

test('qualifiers and typedefs are seen through but remembered', () => {
  const btf = new FakeBtf();
  const u32 = btf.typedef('__u32', btf.int('unsigned int', 4, false));
  const be32 = btf.typedef('__be32', u32);
  const type = new CTypes(btf).byId(btf.qualified('const', btf.qualified('volatile', be32)));
  expect(type).toMatchObject({ kind: 'integer', size: 4, signed: false, text: '__be32' });
  expect(type.typedefs).toEqual(['__be32', '__u32']);
});

test('char is text, a typedef of it is a number', () => {
  const btf = new FakeBtf();
  const unsignedChar = btf.int('unsigned char', 1, false);
  const types = new CTypes(btf);
  expect(types.byId(unsignedChar)).toMatchObject({ char: true });
  expect(types.byId(btf.typedef('u8', unsignedChar))).toMatchObject({ char: false });
});

test('pointers to const and to user memory are told apart', () => {
  const btf = new FakeBtf();
  const char = btf.int('char', 1);
  const types = new CTypes(btf);
  expect(types.byId(btf.pointer(btf.qualified('const', char)))).toMatchObject({
    text: 'const char *',
    toConst: true,
    user: false,
  });
  expect(types.byId(btf.pointer(btf.typeTag('user', char)))).toMatchObject({ user: true });
});

test('members of anonymous structures and unions are members of the outer one', () => {
  const btf = new FakeBtf();
  const int = btf.int('int', 4);
  const inner = btf.struct('', 8, [
    { name: 'b', type: int },
    { name: 'c', type: int, offset: 4 },
  ]);
  const union = btf.struct(
    '',
    8,
    [
      { name: 'whole', type: btf.int('long', 8) },
      { name: '', type: inner },
    ],
    'union',
  );
  const outer = new CTypes(btf).byId(
    btf.struct('outer', 16, [
      { name: 'a', type: int },
      { name: '', type: union, offset: 8 },
    ]),
  );
  if (outer.kind !== 'struct') throw new Error('not a struct');
  expect(outer.members.map(({ name, bitOffset }) => [name, bitOffset])).toEqual([
    ['a', 0],
    ['whole', 64],
    ['b', 64],
    ['c', 96],
  ]);
});

test('a structure that contains a pointer to itself is no endless one', () => {
  const btf = new FakeBtf();
  const node = btf.declare('node');
  btf.complete(node, 8, [{ name: 'next', type: btf.pointer(node) }]);
  const type = new CTypes(btf).byId(node);
  if (type.kind !== 'struct') throw new Error('not a struct');
  expect(type.members[0]?.type).toMatchObject({ kind: 'pointer', text: 'struct node *' });
});

test.each([
  ['const char *', { kind: 'pointer', toConst: true }, 8],
  ['unsigned long', { kind: 'integer', signed: false }, 8],
  ['unsigned', { kind: 'integer', signed: false }, 4],
  ['umode_t', { kind: 'integer', signed: false }, 2],
  ['bool', { kind: 'integer', bool: true }, 1],
  ['__u8', { kind: 'integer', char: false }, 1],
  ['struct nowhere', { kind: 'unknown' }, undefined],
  ['void *', { kind: 'pointer' }, 8],
  ['void', { kind: 'void' }, undefined],
])('without type information "%s" is still what every compiler knows', (text, expected, size) => {
  const type = new CTypes(undefined).parse(text);
  expect(type).toMatchObject(expected);
  expect(sizeOf(type)).toBe(size);
});

test('a spelling that BTF knows is its type', () => {
  const btf = new FakeBtf();
  btf.struct('sockaddr', 16, [{ name: 'sa_family', type: btf.int('unsigned short', 2, false) }]);
  btf.enumeration('state', { ON: 1n });
  const types = new CTypes(btf);
  expect(types.parse('struct sockaddr *')).toMatchObject({
    kind: 'pointer',
    target: { kind: 'struct', size: 16 },
  });
  expect(types.parse('enum state')).toMatchObject({ kind: 'enum', values: [{ name: 'ON', value: 1n }] });
  const argv = types.parse('const char *const *');
  expect(argv).toMatchObject({ target: { kind: 'pointer', toConst: true, target: { char: true } } });
});

test('sentences have the right article', () => {
  const types = new CTypes(undefined);
  expect(
    ['int', 'unsigned int', 'union x', 'struct file *', 'enum e'].map((text) => aType(types.parse(text))),
  ).toEqual(['an int', 'an unsigned int', 'a union x', 'a struct file *', 'an enum e']);
});
