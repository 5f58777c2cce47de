import { expect, test } from '@jest/globals';
import { fakeKernel } from '../testing/fakeKernel.ts';

const kallsyms = [
  'T vfs_read',
  't vfs_read_more',
  't show\t[snd]',
  't show',
  'T nft_do_chain\t[nf_tables]',
  'D vfs_data',
  't bpf_prog_6deef7357e7b4530_vfs_link\t[bpf]',
  't vfs_link\t[bpf]',
  'W weak_one',
];

test('a function is found by its whole name, with its module', () => {
  using kernel = fakeKernel({ kallsyms });
  expect(kernel.functions.find('vfs_read')).toMatchObject({ name: 'vfs_read', module: undefined, count: 1 });
  expect(kernel.functions.find('nft_do_chain')).toMatchObject({ module: 'nf_tables', count: 1 });
  expect(kernel.functions.find('weak_one')).toBeDefined();
  expect(kernel.functions.find('vfs_rea')).toBeUndefined();
});

test('data and BPF programs are no functions', () => {
  using kernel = fakeKernel({ kallsyms });
  expect(kernel.functions.find('vfs_data')).toBeUndefined();
  expect(kernel.functions.find('vfs_link')).toBeUndefined();
});

test('functions of one name are counted', () => {
  using kernel = fakeKernel({ kallsyms });
  expect(kernel.functions.find('show')).toMatchObject({ count: 2 });
});

test('whether ftrace reaches a function is unknown where the list cannot be read', () => {
  using unknown = fakeKernel({ kallsyms });
  expect(unknown.functions.find('vfs_read')).toMatchObject({ traceable: undefined, overridable: undefined });
  using known = fakeKernel({
    kallsyms,
    traceable: ['vfs_read_more', 'nft_do_chain [nf_tables]'],
    overridable: ['vfs_read'],
  });
  expect(known.functions.find('vfs_read')).toMatchObject({ traceable: false, overridable: true });
  expect(known.functions.find('nft_do_chain')).toMatchObject({ traceable: true, overridable: false });
  expect([...known.functions.names()]).toEqual(['vfs_read_more', 'nft_do_chain']);
});

test('the blacklist of kprobes is heeded', () => {
  using kernel = fakeKernel({ kallsyms, blacklist: ['vfs_read_more'] });
  expect(kernel.functions.find('vfs_read_more')).toMatchObject({ blacklisted: true });
  expect(kernel.functions.find('vfs_read')).toMatchObject({ blacklisted: false });
});
