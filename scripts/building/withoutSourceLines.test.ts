import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Btf, type BtfType } from '../../src/bpf/index.ts';
import { withoutSourceLines } from './withoutSourceLines.js';

/** One of every kind of type that C can say, a CO-RE relocation and two functions. */
const source = `
struct bits { int low : 3; unsigned high : 5; } __attribute__((preserve_access_index));
union either { long word; char bytes[8]; };
enum colour { RED, GREEN = 7 };
enum wide { HUGE = 0x100000000 };
struct later;
typedef const volatile int *restrict_t;
int table[4] __attribute__((section(".data"))) = { 1 };
float ratio __attribute__((section(".data"))) = 1.5;
struct later *pointer __attribute__((section(".data")));
static __attribute__((noinline)) int of(union either *e, enum colour c, enum wide w, restrict_t r) {
  return e->word + c + (w == HUGE) + *r + table[1];
}
__attribute__((section("tracepoint"))) int first(struct bits *b) {
  union either e = { .word = b->low + b->high };
  return of(&e, GREEN, HUGE, &table[2]);
}
char LICENSE[] __attribute__((section("license"))) = "GPL";
`;

let directory: string;
let whole: Buffer;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-lines-'));
  writeFileSync(join(directory, 'all.bpf.c'), source);
  execFileSync('clang', ['-target', 'bpf', '-O2', '-g', '-c', 'all.bpf.c', '-o', 'all.o'], {
    cwd: directory,
  });
  whole = readFileSync(join(directory, 'all.o'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A section's bytes, as llvm-objcopy finds them. */
function section(file: Buffer, name: string): Buffer {
  writeFileSync(join(directory, 'file.o'), file);
  const dump = join(directory, 'section');
  execFileSync('llvm-objcopy', [`--dump-section=${name}=${dump}`, 'file.o', 'ignored.o'], { cwd: directory });
  return readFileSync(dump);
}

/** Every type, as libbpf reads them. */
function types(file: Buffer): BtfType[] {
  writeFileSync(join(directory, 'file.o'), file);
  using btf = Btf.file(join(directory, 'file.o'));
  return Array.from({ length: btf.typeCount - 1 }, (_, index) => btf.type(index + 1));
}

test('every type stays and no source line does', () => {
  const without = withoutSourceLines(whole);
  expect(new Set(types(whole).map(({ kind }) => kind)).size).toBeGreaterThan(10);
  expect(types(without)).toEqual(types(whole));
  expect(section(whole, '.BTF').toString('latin1')).toContain('return of(&e, GREEN, HUGE');
  expect(section(without, '.BTF').toString('latin1')).not.toContain('return of');
});

test('functions and relocations stay, the table of lines does not', () => {
  const [before, after] = [section(whole, '.BTF.ext'), section(withoutSourceLines(whole), '.BTF.ext')];
  const lengths = (header: Buffer): number[] => [12, 20, 28].map((at) => header.readUInt32LE(at));
  const [functions, lines, relocations] = lengths(before);
  expect(Math.min(...lengths(before))).toBeGreaterThan(0);
  expect(lengths(after)).toEqual([functions, 0, relocations]);
  expect(after.length).toBe(before.length - (lines ?? 0));
});

test('the rest of the file is as it was, and the file given is not changed', () => {
  const copy = Buffer.from(whole);
  const without = withoutSourceLines(whole);
  expect(whole).toEqual(copy);
  for (const name of ['tracepoint', '.text', '.reltracepoint', '.data', '.symtab', '.strtab', 'license']) {
    expect([name, section(without, name)]).toEqual([name, section(whole, name)]);
  }
});

test('doing it twice changes nothing more', () => {
  const once = withoutSourceLines(whole);
  expect(withoutSourceLines(once)).toEqual(once);
});

test('what is not understood is handed back', () => {
  const odd: Buffer[] = [Buffer.alloc(0), Buffer.from('hello'), readFileSync('/bin/true')];
  for (let length = 64; length < whole.length; length += 97) odd.push(whole.subarray(0, length));
  const unknownType = Buffer.from(whole);
  const btf = unknownType.indexOf(Buffer.from([0x9f, 0xeb, 1, 0]));
  unknownType[btf + unknownType.readUInt32LE(btf + 4) + 7] = 31; // the first type's kind
  odd.push(unknownType);
  for (const file of odd) expect(withoutSourceLines(file)).toBe(file);
});
