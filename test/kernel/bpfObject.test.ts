import { afterEach, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { BpfError, BpfObject, ClosedError, VerifierError } from '../../src/bpf/index.ts';
import { compileFixture } from './compileFixture.ts';
import { key, loadCounter, openCounter, value } from './loadCounter.ts';
import { openBpfFds } from './openFds.ts';

afterEach(() => {
  expect(openBpfFds()).toEqual([]);
});

function failure(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

/** The object with only this program of it. */
function only(object: BpfObject, name: string): BpfObject {
  for (const program of object.programs()) program.setAutoload(program.name === name);
  return object;
}

test('an object tells its programs and maps before it is loaded', () => {
  using object = BpfObject.open(compileFixture('counter'), { name: 'demo' });
  expect(object.name).toBe('demo');
  expect(object.loaded).toBe(false);
  expect(object.programs().map(({ name, section, type }) => [name, section, type])).toEqual([
    ['on_getpriority', 'tracepoint/syscalls/sys_enter_getpriority', 'tracepoint'],
    ['tail', 'tracepoint/syscalls/sys_enter_getpriority', 'tracepoint'],
    ['on_any', 'raw_tp/sys_enter', 'raw_tracepoint'],
  ]);
  const counts = object.map('counts');
  expect([counts.type, counts.keySize, counts.valueSize, counts.maxEntries]).toEqual(['hash', 4, 8, 64]);
  expect(object.map('.rodata').name).toBe('demo.rodata');
  expect(object.map('.rodata').initialValue).toEqual(Buffer.from([0, 0, 0, 0, 1, 0, 0, 0]));
});

test('an object opens from its bytes as from its path', () => {
  using object = BpfObject.open(readFileSync(compileFixture('counter')), { name: 'bytes' });
  expect(object.load().loaded).toBe(true);
});

test('constants, initial values and map sizes reach the programs', () => {
  using object = openCounter();
  object.map('.data').setInitialValue(value(100));
  object.map('counts').setMaxEntries(7);
  object.load();
  expect(object.map('counts').maxEntries).toBe(7);
  using _link = object.program('on_getpriority').attach();
  getPriority();
  getPriority();
  expect(object.map('counts').lookup(key(0))).toEqual(value(100 + 2 + 2));
});

test('initial values of the wrong length are refused with both lengths', () => {
  using object = openCounter();
  expect(() => {
    object.setRodata(Buffer.alloc(7));
  }).toThrow(/bytes must be 8 bytes \(BpfMap 'counter.*rodata'\), not 7/);
});

test('settings after load are refused because the object is loaded', () => {
  using object = loadCounter();
  expect(
    failure(() => {
      object.map('counts').setMaxEntries(8);
    }).message,
  ).toMatch(/is loaded already/);
  expect(
    failure(() => {
      object.setRodata(Buffer.alloc(8));
    }).message,
  ).toMatch(/is loaded already/);
  expect(
    failure(() => {
      object.program('tail').setAutoload(false);
    }),
  ).toBeInstanceOf(BpfError);
});

test('a name that an object does not have is refused with those it has', () => {
  using object = BpfObject.open(compileFixture('counter'), { name: 'demo' });
  expect(() => object.program('on_open')).toThrow(
    new RangeError("BpfObject 'demo' has no program 'on_open'; it has on_getpriority, tail, on_any"),
  );
  expect(() => object.map('.bss')).toThrow(/BpfObject 'demo' has no map '.bss'; it has counts, /);
});

test('a program without autoload is not in the kernel and cannot be attached', () => {
  using object = only(openCounter(), 'tail').load();
  expect(object.program('on_any').autoload).toBe(false);
  expect(() => object.program('on_any').fd).toThrow(/load its object first, with autoload on/);
  expect(() => object.program('on_any').attachRawTracepoint('sys_enter')).toThrow(/load its object first/);
  expect(object.program('tail').fd).toBeGreaterThan(0);
});

test('a loaded program tells its size, its tag and what the verifier walked', () => {
  using object = loadCounter();
  const info = object.program('on_getpriority').info;
  expect(info.id).toBeGreaterThan(0);
  expect(info.tag).toMatch(/^[0-9a-f]{16}$/);
  expect(info.xlatedBytes % 8).toBe(0);
  expect(info.verifiedInstructions).toBeGreaterThan(20);
  expect(info.recursionMisses).toBe(0);
});

test('the verifier logs what it was asked to, for one program or for all', () => {
  using one = openCounter();
  one.program('tail').setLogLevel(2);
  one.load();
  expect(one.program('tail').log).toMatch(/processed \d+ insns/);
  expect(one.program('on_any').log).toBe('');

  using all = loadCounter({ kernelLogLevel: 1 });
  expect(all.program('on_any').log).toMatch(/processed \d+ insns/);
  expect(all.loadLog).toContain("prog 'on_any': -- BEGIN PROG LOAD LOG --");
});

test('what libbpf prints goes to the callback of its object and never to standard error', () => {
  const messages: string[] = [];
  using object = only(
    BpfObject.open(compileFixture('refused'), {
      onMessage: (level, text) => messages.push(`${level}: ${text}`),
    }),
    'unchecked_null',
  );
  expect(() => object.load()).toThrow(VerifierError);
  expect(messages.join('\n')).toMatch(/warn: prog 'unchecked_null': -- BEGIN PROG LOAD LOG --/);

  const script = `
    import { BpfObject } from ${JSON.stringify(new URL('../../src/bpf/index.ts', import.meta.url).href)};
    try { BpfObject.open('/etc/hostname'); } catch {}
    try { BpfObject.open(${JSON.stringify(compileFixture('refused'))}).load(); } catch {}`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect([child.status, child.stdout, child.stderr]).toEqual([0, '', '']);
});

test.each([
  ['unchecked_null', /R0 invalid mem access 'map_value_or_null'/, /check it for null/],
  ['endless', /infinite loop detected|back-edge/, /constant bound/],
  ['unreachable', /unreachable insn 2/, /no path reaches/],
  ['unknown_helper', /invalid func unknown#9999/, /does not have/],
  ['wrong_argument', /R1 type=scalar expected=/, /another type/],
  ['too_many_instructions', /too large|too complex/, /one million/],
])('a refusal of the verifier is explained: %s', (name, summary, explanation) => {
  using object = only(BpfObject.open(compileFixture('refused')), name);
  const error = failure(() => object.load());
  expect(error).toBeInstanceOf(VerifierError);
  if (!(error instanceof VerifierError)) return;
  expect(error.program).toBe(name);
  expect(error.summary).toMatch(summary);
  expect(error.explanation).toMatch(explanation);
  expect(error.log).toMatch(/processed \d+ insns/);
  expect(error.message).toContain(error.summary);
});

test('an uninitialised key is explained by kernels that refuse it', () => {
  using object = only(BpfObject.open(compileFixture('refused')), 'uninitialised_key');
  try {
    object.load(); // since 6.3 privileged programs may read what they did not write
  } catch (error) {
    expect(error).toBeInstanceOf(VerifierError);
    expect((error as VerifierError).summary).toMatch(/invalid indirect read from stack/);
    expect((error as VerifierError).explanation).toMatch(/never written/);
  }
});

test('a refusal with a log buffer of the program’s own is a VerifierError too', () => {
  using object = only(BpfObject.open(compileFixture('refused')), 'unchecked_null');
  object.program('unchecked_null').setLogLevel(1);
  const error = failure(() => object.load());
  expect(error).toBeInstanceOf(VerifierError);
  expect(error).toMatchObject({ program: 'unchecked_null' });
});

test.each([
  ['bytes that are no ELF', Buffer.from('hello'), 'FORMAT', /clang -target bpf/],
  ['an ELF of another machine', readFileSync('/bin/true'), 'FORMAT', /no BPF object/],
  ['an empty buffer', Buffer.alloc(0), 'EINVAL', /is empty/],
  ['a missing file', '/nowhere/x.bpf.o', 'ENOENT', /no such file/],
  ['a directory', '/', 'LIBELF', /no ELF file/],
])('%s is no BPF object', (_what, source, errnoName, hint) => {
  const error = failure(() => BpfObject.open(source));
  expect(error).toBeInstanceOf(BpfError);
  expect(error).toMatchObject({ errnoName });
  expect(error.message).toMatch(hint);
});

test('a truncated object is refused wherever it was cut', () => {
  const whole = readFileSync(compileFixture('counter'));
  for (let length = 1; length < whole.length; length += 211) {
    expect(failure(() => BpfObject.open(whole.subarray(0, length)))).toBeInstanceOf(BpfError);
  }
});

test('closing twice is fine, and what comes after names the thing', () => {
  const object = loadCounter({ name: 'gone' });
  const [program, map] = [object.program('tail'), object.map('counts')];
  object.close();
  object.close();
  expect(failure(() => object.load())).toEqual(new ClosedError("BpfObject 'gone'"));
  expect(failure(() => program.fd).message).toBe("Program 'tail' of BpfObject 'gone' is closed");
  expect(failure(() => map.lookup(key(0))).message).toBe("BpfMap 'counts' is closed");
  expect(() => program.attach()).toThrow(ClosedError);
});

test('a duplicate of a program or a map stays when the object is closed', () => {
  const object = loadCounter({ name: 'gone' });
  using _link = object.program('on_getpriority').attach();
  using program = object.program('on_getpriority').duplicate();
  using counts = object.map('counts').duplicate();
  const { id, tag } = object.program('on_getpriority').info;
  object.close();
  const before = counts.lookup(key(0));
  expect(program.name).toBe('on_getpriority');
  expect(program.info).toMatchObject({ id, tag });
  getPriority();
  expect(counts.lookup(key(0))).not.toEqual(before);
  program.close();
  program.close();
  expect(failure(() => program.fd)).toEqual(new ClosedError("KernelProgram 'on_getpriority'"));
});

test('a program that is not loaded has no duplicate', () => {
  using object = openCounter();
  expect(() => object.program('tail').duplicate()).toThrow(/load its object first/);
});

test('an object cannot be loaded twice', () => {
  using object = loadCounter();
  expect(() => object.load()).toThrow(/twice/);
});

test('a wrong argument is refused by method, name and value', () => {
  using object = openCounter();
  const any = (value: unknown) => value as never;
  const refused: [() => unknown, RegExp][] = [
    [() => BpfObject.open(any(undefined)), /^BpfObject\.open: source must be a path or the bytes/],
    [() => BpfObject.open(any(7)), /^BpfObject\.open: bytes must be bytes .*, not 7$/],
    [
      () => BpfObject.open('/x\0y'),
      /^BpfObject\.open: path must be a string without NUL or undefined, not "\/x\\x00y"$/,
    ],
    [
      () => BpfObject.open('x', { kernelLogLevel: -1 }),
      /options\.kernelLogLevel must be an integer from 0 to 4294967295/,
    ],
    [
      () => BpfObject.open('x', { onMessage: any('print') }),
      /options\.onMessage must be a function or undefined, not "print"/,
    ],
    [
      () => {
        object.program('tail').setAutoload(any('yes'));
      },
      /^Program\.setAutoload: autoload must be a boolean, not "yes"$/,
    ],
    [
      () => {
        object.program('tail').setAttachTarget(any({}));
      },
      /function must be a string without NUL, not an object/,
    ],
    [
      () => {
        object.map('counts').setMaxEntries(1.5);
      },
      /^BpfMap\.setMaxEntries: maxEntries must be an integer .*, not 1\.5$/,
    ],
    [
      () => {
        object.map('counts').setMaxEntries(2 ** 32);
      },
      /not 4294967296$/,
    ],
    [
      () => {
        object.map('counts').setPinPath(any([1, 2]));
      },
      /not an array of 2$/,
    ],
    [
      () => object.program('tail').attachKprobe('x', { cookie: -1n }),
      /options\.cookie must be a bigint from 0 .*, not -1n/,
    ],
  ];
  for (const [action, message] of refused) {
    const error = failure(action);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(message);
  }
});
