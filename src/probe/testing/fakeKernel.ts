import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FeatureName } from '../../bpf/index.ts';
import type { BtfReader } from '../resolve/btfReader.ts';
import { CTypes } from '../resolve/cTypes.ts';
import { KernelFunctions } from '../resolve/functionLookup.ts';
import type { KernelView } from '../resolve/kernelView.ts';
import { Tracefs } from '../resolve/tracefs.ts';

export interface FakeKernel {
  architecture?: 'x64' | 'arm64';
  release?: string;
  /** CATEGORY/NAME → text of the format file; left out: tracefs is not mounted. */
  formats?: Record<string, string>;
  btf?: BtfReader;
  /** Lines of /proc/kallsyms without the address, such as "T vfs_unlink". */
  kallsyms?: string[];
  /** available_filter_functions; left out: not readable. */
  traceable?: string[];
  blacklist?: string[];
  overridable?: string[];
  /** Reasons why features are lacking. */
  lacking?: Partial<Record<FeatureName, string>>;
  /** path → functions */
  binaries?: Record<string, string[]>;
}

/** A kernel of files written by hand, in a directory that goes when it is disposed of. */
export function fakeKernel(fake: FakeKernel = {}): KernelView & Disposable {
  const directory = mkdtempSync(join(tmpdir(), 'traceprobe-'));
  const write = (name: string, text: string | undefined): string => {
    const path = join(directory, name);
    if (text === undefined) return path;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  for (const [name, text] of Object.entries(fake.formats ?? {})) write(`tracing/events/${name}/format`, text);
  const functions = new KernelFunctions({
    kallsyms: write('kallsyms', fake.kallsyms?.map((line) => `0000000000000000 ${line}\n`).join('')),
    traceable: write('traceable', fake.traceable?.map((name) => `${name}\n`).join('')),
    blacklist: write('blacklist', fake.blacklist?.map((name) => `0xff-0xff\t${name}\n`).join('')),
    errorInjection: write('overridable', fake.overridable?.map((name) => `${name}\tERRNO\n`).join('')),
  });
  return {
    architecture: fake.architecture ?? 'x64',
    release: fake.release ?? '6.12.0-test',
    tracefs: new Tracefs(join(directory, 'tracing')),
    types: new CTypes(fake.btf),
    moduleTypes: () => undefined,
    functions,
    preemptCount: undefined,
    features: {
      probe(name) {
        const reason = fake.lacking?.[name];
        return { supported: reason === undefined, reason };
      },
    },
    elfFunctions(path) {
      const found = fake.binaries?.[path];
      if (found === undefined) throw new Error('not an ELF file');
      return found;
    },
    [Symbol.dispose]() {
      rmSync(directory, { recursive: true });
    },
  };
}

/** The text of a format file: fields such as "int flags", each at an offset and of a size, as tracefs writes it. */
export function formatText(
  name: string,
  fields: readonly (readonly [declaration: string, offset: number, size: number, signed?: boolean])[],
  print = '""',
): string {
  const line = ([declaration, offset, size, signed = false]: (typeof fields)[number]): string =>
    `\tfield:${declaration};\toffset:${String(offset)};\tsize:${String(size)};\tsigned:${signed ? '1' : '0'};\n`;
  const common = [
    ['unsigned short common_type', 0, 2],
    ['unsigned char common_flags', 2, 1],
    ['unsigned char common_preempt_count', 3, 1],
    ['int common_pid', 4, 4, true],
  ] as const;
  return `name: ${name}\nID: 42\nformat:\n${common.map(line).join('')}\n${fields.map(line).join('')}\nprint fmt: ${print}\n`;
}

/** The format of sys_enter_NAME: declarations such as "const char * filename" in their order. */
export function syscallFormat(name: string, ...args: string[]): string {
  return formatText(`sys_enter_${name}`, [
    ['int __syscall_nr', 8, 4, true],
    ...args.map((declaration, index) => [declaration, 16 + 8 * index, 8] as const),
  ]);
}
