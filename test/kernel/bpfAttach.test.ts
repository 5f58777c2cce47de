import { afterAll, afterEach, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BpfObject,
  elfFunctions,
  KernelFeatures,
  Link,
  type FeatureName,
  type Program,
} from '../../src/bpf/index.ts';
import { compileFixture } from './compileFixture.ts';
import { openBpfFds } from './openFds.ts';

const features = new KernelFeatures();
afterAll(() => {
  features.close();
});
afterEach(() => {
  expect(openBpfFds()).toEqual([]);
});

const slots = ['kprobe', 'kretprobe', 'fentry', 'fexit', 'fmod_ret', 'lsm', 'uprobe', 'uretprobe'] as const;
const slotWords = 3; // hits, cookie, argument

interface Hooked {
  object: BpfObject;
  program: Program;
  /** Reads hits, cookie and argument of the program. */
  seen: () => { hits: number; cookie: bigint; argument: bigint };
}

/** fixtures/hooks.bpf.c with only the program of this slot; `verdict` is what fmod_ret and lsm return. */
function open(slot: (typeof slots)[number], verdict = 0): Hooked {
  const object = BpfObject.open(compileFixture('hooks'));
  for (const program of object.programs()) program.setAutoload(program.name === `on_${slot}`);
  const constants = Buffer.alloc(8);
  constants.writeUInt32LE(process.pid, 0);
  constants.writeInt32LE(verdict, 4);
  object.setRodata(constants);
  const seen = () => {
    const words = new BigUint64Array(object.map('slots').mmap());
    const at = slots.indexOf(slot) * slotWords;
    return { hits: Number(words[at]), cookie: words[at + 1] ?? 0n, argument: words[at + 2] ?? 0n };
  };
  return { object, program: object.program(`on_${slot}`), seen };
}

function removeDirectory(): void {
  rmdirSync(mkdtempSync(join(tmpdir(), 'hook-')));
}

/** The C library of this process. */
function libc(): string {
  const path = /\S*\/libc\.so\.6$/m.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0];
  if (path === undefined) throw new Error('this process has no libc.so.6');
  return path;
}

/** The body where the kernel has the feature; elsewhere it is refused, in words that say why. */
function whereSupported(feature: FeatureName, title: string, refused: RegExp, body: () => void): void {
  test(`${title} (or is refused on a kernel without ${feature})`, () => {
    if (features.probe(feature).supported) {
      body();
    } else {
      expect(body).toThrow(refused);
    }
  });
}

const syscall = process.arch === 'arm64' ? 'unlinkat' : 'rmdir';
const withoutKprobes = /cannot attach program 'on_k.*probe' to .*: .*this kernel was built without kprobes/;

whereSupported('kprobe', 'a kprobe counts calls and knows its cookie', withoutKprobes, () => {
  const { object, program, seen } = open('kprobe');
  using _object = object.load();
  using _link = program.attachKprobe('vfs_rmdir', { cookie: 0x1234_5678_9abc_def0n });
  removeDirectory();
  removeDirectory();
  expect(seen()).toMatchObject({ hits: 2, cookie: 0x1234_5678_9abc_def0n });
});

whereSupported('kprobe', 'a kprobe can stand behind a function’s start', withoutKprobes, () => {
  const { object, program } = open('kprobe');
  using _object = object.load();
  // Which offsets are instructions differs by build; the end of the address space is none anywhere.
  expect(() => program.attachKprobe('vfs_rmdir', { offset: 0x7fff_ffff })).toThrow(
    /kprobe vfs_rmdir\+2147483647/,
  );
  using link = program.attachKprobe('vfs_rmdir', { offset: 0 });
  expect(link.name).toBe('on_kprobe on kprobe vfs_rmdir');
});

whereSupported('kprobe', 'a pinned kprobe stays attached when its link is closed', withoutKprobes, () => {
  const { object, program, seen } = open('kprobe');
  using _object = object.load();
  const pin = `/sys/fs/bpf/traceprobe-test-kprobe-${process.pid}`;
  const link = program.attachKprobe('vfs_rmdir');
  link.pin(pin);
  link.close();
  removeDirectory();
  expect(seen().hits).toBe(1);
  Link.openPinned(pin).detach();
  removeDirectory();
  expect(seen().hits).toBe(1);
});

whereSupported('kretprobe', 'a kretprobe counts returns', withoutKprobes, () => {
  const { object, program, seen } = open('kretprobe');
  using _object = object.load();
  using _link = program.attachKprobe('vfs_rmdir', { retprobe: true });
  removeDirectory();
  expect(seen().hits).toBe(1);
});

whereSupported('kprobe', 'a ksyscall probe finds the system call’s function', withoutKprobes, () => {
  const { object, program, seen } = open('kprobe');
  using _object = object.load();
  using link = program.attachKsyscall(syscall);
  removeDirectory();
  expect(seen().hits).toBe(1);
  // Since 6.7 the kernel tells what it missed; before, nobody knows.
  expect([0, undefined]).toContain(link.info.missed);
});

whereSupported('kprobe', 'a function that does not exist is refused by name', withoutKprobes, () => {
  const { object, program } = open('kprobe');
  using _object = object.load();
  expect(() => program.attachKprobe('vfs_nothing')).toThrow(
    /kprobe vfs_nothing: .*\(ENOENT\); this kernel has no function vfs_nothing/,
  );
});

whereSupported('fentry', 'fentry counts calls and reads arguments', /'on_fentry'|BTF|cannot load/, () => {
  const { object, program, seen } = open('fentry');
  using _object = object;
  program.setAttachTarget('vfs_rmdir');
  object.load();
  using _link = program.attachTrace({ cookie: 42n });
  removeDirectory();
  expect(seen()).toMatchObject({ hits: 1, cookie: 42n });
  expect(seen().argument).not.toBe(0n);
});

whereSupported('fexit', 'fexit reads the returned value', /'on_fexit'|BTF|cannot load/, () => {
  const { object, program, seen } = open('fexit');
  using _object = object;
  program.setAttachTarget('vfs_rmdir');
  object.load();
  using _link = program.attachTrace();
  removeDirectory();
  expect(seen()).toMatchObject({ hits: 1, argument: 0n });
});

test('a target that does not exist is refused by name', () => {
  const { object, program } = open('fentry');
  using _object = object;
  expect(() => {
    program.setAttachTarget('vfs_nothing');
  }).toThrow(/set the attach target of program 'on_fentry' to vfs_nothing/);
});

for (const slot of ['fmod_ret', 'lsm'] as const) {
  const feature = slot === 'lsm' ? 'lsm' : 'fmodRet';
  const hook = slot === 'lsm' ? 'inode_rmdir' : 'security_inode_rmdir';
  whereSupported(
    feature,
    `${slot} refuses in the kernel’s name`,
    new RegExp(`'on_${slot}'|cannot load|EACCES`),
    () => {
      const { object, program, seen } = open(slot, -13);
      using _object = object;
      program.setAttachTarget(hook);
      object.load();
      const directory = mkdtempSync(join(tmpdir(), 'hook-'));
      {
        using _link: Link = slot === 'lsm' ? program.attachLsm() : program.attachTrace();
        expect(() => {
          rmdirSync(directory);
        }).toThrow(/EACCES/);
        expect(seen().hits).toBe(1);
      }
      rmSync(directory, { recursive: true });
      expect(() => statSync(directory)).toThrow(/ENOENT/);
    },
  );
}

const withoutUprobes = /this kernel was built without uprobes/;

whereSupported('uprobe', 'a uprobe counts calls of a library’s function', withoutUprobes, () => {
  const { object, program, seen } = open('uprobe');
  using _object = object.load();
  using link = program.attachUprobe({ path: libc(), symbol: 'getpriority', cookie: 7n });
  getPriority();
  getPriority();
  expect(seen()).toMatchObject({ hits: 2, cookie: 7n });
  expect(link.name).toBe(`on_uprobe on uprobe ${libc()}:getpriority`);
});

whereSupported('uprobe', 'a uretprobe counts returns', withoutUprobes, () => {
  const { object, program, seen } = open('uretprobe');
  using _object = object.load();
  using _link = program.attachUprobe({ path: libc(), symbol: 'getpriority', retprobe: true });
  getPriority();
  expect(seen().hits).toBe(1);
});

whereSupported('uprobe', 'a pinned uprobe stays attached when its link is closed', withoutUprobes, () => {
  const { object, program, seen } = open('uprobe');
  using _object = object.load();
  const pin = `/sys/fs/bpf/traceprobe-test-uprobe-${process.pid}`;
  const link = program.attachUprobe({ path: libc(), symbol: 'getpriority' });
  link.pin(pin);
  link.close();
  getPriority();
  expect(seen().hits).toBe(1);
  Link.openPinned(pin).detach();
  getPriority();
  expect(seen().hits).toBe(1);
});

whereSupported('uprobe', 'a uprobe of one process does not count another', withoutUprobes, () => {
  const { object, program, seen } = open('uprobe');
  using _object = object.load();
  using _ofInit = program.attachUprobe({ path: libc(), symbol: 'getpriority', pid: 1 });
  getPriority();
  expect(seen().hits).toBe(0);
  using _ours = program.attachUprobe({ path: libc(), symbol: 'getpriority', pid: process.pid });
  getPriority();
  expect(seen().hits).toBe(1);
});

whereSupported('uprobe', 'a uprobe that cannot be is refused in words', withoutUprobes, () => {
  const { object, program } = open('uprobe');
  using _object = object.load();
  expect(() => program.attachUprobe({ path: libc(), symbol: 'nothing' })).toThrow(
    /uprobe \S+libc\.so\.6:nothing: .*\(ENOENT\); \S+ has no function nothing in its symbol tables/,
  );
  expect(() => program.attachUprobe({ path: '/nowhere', symbol: 'main' })).toThrow(
    /\/nowhere cannot be opened/,
  );
  expect(() => program.attachUprobe({ path: '/nowhere', offset: 16 })).toThrow(/there is no file \/nowhere/);
  expect(() => program.attachUprobe({ path: '/etc/hostname', symbol: 'main' })).toThrow(/is no ELF file/);
  expect(() => program.attachUprobe({ path: libc() })).toThrow(
    new TypeError('Program.attachUprobe: options must have a symbol or an offset'),
  );
});

test('the functions of a library are listed once each', () => {
  const functions = elfFunctions(libc());
  expect(functions).toContain('getpriority');
  expect(functions).toHaveLength(new Set(functions).size);
  expect(functions.filter((name) => name.includes('@'))).toEqual([]);
});
