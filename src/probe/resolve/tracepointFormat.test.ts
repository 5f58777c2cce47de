import { expect, test } from '@jest/globals';
import { formatText } from '../testing/fakeKernel.ts';
import { parseTracepointFormat } from './tracepointFormat.ts';

test('fields have type, place, size and sign; common_ fields are left out', () => {
  const text = formatText('t', [
    ['char comm[16]', 8, 16],
    ['pid_t pid', 24, 4, true],
    ['const char *const * argv', 32, 8],
  ]);
  const format = parseTracepointFormat(text);
  expect(format).toMatchObject({ name: 't', id: 42 });
  expect(format.fields).toEqual([
    { name: 'comm', type: 'char', offset: 8, size: 16, signed: false, array: true, location: 'inline' },
    { name: 'pid', type: 'pid_t', offset: 24, size: 4, signed: true, array: false, location: 'inline' },
    {
      name: 'argv',
      type: 'const char *const *',
      offset: 32,
      size: 8,
      signed: false,
      array: false,
      location: 'inline',
    },
  ]);
});

test('__data_loc and __rel_loc fields lie elsewhere in the record', () => {
  const text = formatText('t', [
    ['__data_loc char[] filename', 8, 4],
    ['__rel_loc u64[] stack', 12, 4],
  ]);
  expect(parseTracepointFormat(text).fields).toMatchObject([
    { name: 'filename', type: 'char', location: 'dataLoc', array: true },
    { name: 'stack', type: 'u64', location: 'relLoc', array: true },
  ]);
});

test('an array whose length the format spells as an expression is an array all the same', () => {
  const text = formatText('t', [['char name[IFNAMSIZ]', 8, 16]]);
  expect(parseTracepointFormat(text).fields).toMatchObject([
    { name: 'name', type: 'char', size: 16, array: true },
  ]);
});

test('function pointers and other declarations without a plain name are left out', () => {
  const text = formatText('t', [
    ['void (*fn)(int)', 8, 8],
    ['int a', 16, 4, true],
  ]);
  expect(parseTracepointFormat(text).fields.map(({ name }) => name)).toEqual(['a']);
});

test('__print_symbolic names the values of its field', () => {
  const print = '"state=%s", __print_symbolic(REC->state, { 1, "OPEN" }, { 0x2, "CLOSED" }, { -3, "ODD" })';
  const [field] = parseTracepointFormat(formatText('t', [['int state', 8, 4, true]], print)).fields;
  expect(field?.symbols).toEqual({ OPEN: 1n, CLOSED: 2n, ODD: -3n });
});

test('the conversion of the print format tells addresses from mere bytes', () => {
  const fields = [
    ['__u16 port', 8, 2],
    ['__u8 saddr[4]', 12, 4],
    ['__u8 saddr_v6[16]', 16, 16],
    ['__u8 peer[28]', 32, 28],
    ['__u8 key[16]', 60, 16],
  ] as const;
  const print =
    '"100%% port=%hu from=%pI4 v6=%pI6c peer=%pISpc key=%s at %p", REC->port, REC->saddr, REC->saddr_v6, ' +
    'REC->peer, __print_hex(REC->key, 16), REC->sk';
  const found = parseTracepointFormat(formatText('t', fields, print)).fields.map((field) => [
    field.name,
    field.prints,
  ]);
  expect(found).toEqual([
    ['port', undefined],
    ['saddr', 'ip'],
    ['saddr_v6', 'ip'],
    ['peer', 'sockaddr'],
    ['key', undefined],
  ]);
});
