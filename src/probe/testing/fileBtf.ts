import { FakeBtf } from './fakeBtf.ts';

/** A few types as the kernel has them, with offsets of our own, and functions that take them. */
export function fileBtf(): FakeBtf {
  const btf = new FakeBtf();
  const char = btf.int('char', 1);
  const unsignedChar = btf.int('unsigned char', 1, false);
  const int = btf.int('int', 4);
  const long = btf.int('long int', 8);
  const unsignedInt = btf.int('unsigned int', 4, false);
  const unsignedLong = btf.int('long unsigned int', 8, false);
  const unsignedShort = btf.int('unsigned short', 2, false);
  const bool = btf.typedef('bool', btf.int('_Bool', 1, false));
  const u8 = btf.typedef('u8', unsignedChar);
  const size = btf.typedef('size_t', unsignedLong);
  const be16 = btf.typedef('__be16', unsignedShort);
  const constChars = btf.pointer(btf.qualified('const', char));

  const qstr = btf.struct('qstr', 16, [
    { name: 'len', type: unsignedInt, offset: 4 },
    { name: 'name', type: btf.pointer(btf.qualified('const', unsignedChar)), offset: 8 },
  ]);
  const inode = btf.struct('inode', 32, [
    { name: 'i_mode', type: unsignedShort, offset: 0 },
    { name: 'i_ino', type: unsignedLong, offset: 8 },
    {
      name: 'i_uid',
      type: btf.typedef('kuid_t', btf.struct('', 4, [{ name: 'val', type: unsignedInt }])),
      offset: 16,
    },
    { name: 'i_flagged', type: unsignedInt, bitOffset: 163, bitSize: 5 },
    { name: 'i_delta', type: int, bitOffset: 168, bitSize: 3 },
  ]);
  const dentry = btf.declare('dentry');
  const dentryPointer = btf.pointer(dentry);
  const inodePointer = btf.pointer(inode);
  const iname = btf.array(unsignedChar, 40);
  btf.complete(dentry, 128, [
    { name: 'd_parent', type: dentryPointer, offset: 24 },
    { name: 'd_name', type: qstr, offset: 32 },
    { name: 'd_inode', type: inodePointer, offset: 48 },
    { name: 'd_iname', type: iname, offset: 56 },
  ]);
  const path = btf.struct('path', 16, [
    { name: 'mnt', type: btf.pointer(0), offset: 0 },
    { name: 'dentry', type: dentryPointer, offset: 8 },
  ]);
  const file = btf.struct('file', 96, [
    { name: 'f_inode', type: inodePointer, offset: 8 },
    { name: 'f_path', type: path, offset: 64 },
    { name: 'f_key', type: btf.array(u8, 16), offset: 80 },
  ]);
  const filename = btf.struct('filename', 24, [{ name: 'name', type: constChars }]);
  const sockaddr = btf.struct('sockaddr', 16, [{ name: 'sa_family', type: unsignedShort }]);
  const address = btf.struct('in_addr', 4, [{ name: 's_addr', type: unsignedInt }]);
  const state = btf.enumeration('state', { IDLE: 0n, BUSY: 1n });
  const sock = btf.struct('sock', 64, [
    { name: 'dport', type: be16, offset: 2 },
    { name: 'daddr', type: address, offset: 4 },
    { name: 'state', type: state, offset: 8 },
    { name: 'alive', type: bool, offset: 12 },
    { name: 'numbers', type: btf.array(int, 4), offset: 16 },
    { name: 'where', type: sockaddr, offset: 32 },
  ]);
  const wide = btf.struct('wide', 16, [
    { name: 'a', type: long },
    { name: 'b', type: long, offset: 8 },
  ]);

  btf.func('vfs_read', btf.typedef('ssize_t', long), {
    file: btf.pointer(file),
    buf: btf.pointer(char),
    count: size,
    pos: btf.pointer(btf.typedef('loff_t', btf.int('long long int', 8))),
  });
  btf.func('vfs_unlink', int, { dir: inodePointer, dentry: dentryPointer, mode: unsignedShort });
  btf.func('do_unlinkat', int, { dfd: int, name: btf.pointer(filename) });
  btf.func('tcp_connect', int, {
    sk: btf.pointer(sock),
    addr: btf.pointer(sockaddr),
    peers: btf.array(int, 2),
  });
  btf.func('tell', 0, { text: constChars, user: btf.pointer(btf.typeTag('user', char)), alive: bool });
  btf.func('take', int, {
    first: wide,
    second: int,
    id: btf.typedef('kuid_t2', btf.struct('', 4, [{ name: 'val', type: unsignedInt }])),
  });
  btf.func('printk', int, { format: constChars }, true);
  btf.func('many', int, { a: int, b: int, c: int, d: int, e: int, f: int, g: int });
  btf.func('bpf_lsm_file_open', int, { file: btf.pointer(file) });
  const traced = btf.prototype(0, { '': btf.pointer(0) });
  btf.typedef('btf_trace_empty', btf.pointer(traced));
  const task = btf.struct('task_struct', 64, [
    { name: 'comm', type: btf.array(char, 16), offset: 32 },
    { name: 'pid', type: int, offset: 8 },
  ]);
  const raw = btf.add({
    kind: 'func_proto',
    name: '',
    returnType: 0,
    params: [0, bool, btf.pointer(task)].map((type) => ({
      name: '',
      type: type === 0 ? btf.pointer(0) : type,
    })),
    variadic: false,
  });
  btf.typedef('btf_trace_sched_switch', btf.pointer(raw));
  btf.func('__bpf_trace_sched_switch', 0, { __data: btf.pointer(0), preempt: bool, prev: btf.pointer(task) });
  return btf;
}

/** Lines of kallsyms for the functions of fileBtf(). */
export const fileFunctions = [
  'vfs_read',
  'vfs_unlink',
  'do_unlinkat',
  'tcp_connect',
  'tell',
  'take',
  'printk',
  'many',
].map((name) => `T ${name}`);
