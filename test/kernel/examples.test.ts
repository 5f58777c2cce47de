import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TraceProbe } from '../../src/api/index.ts';
import { parseDocuments } from '../../src/api/index.ts';
import type { FeatureName } from '../../src/bpf/index.ts';
import { compileProbe } from '../../src/probe/compile.ts';
import { ProbeRefusedError } from '../../src/probe/resolve/planError.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';
import { trace } from '../../src/testing/index.ts';
import { exampleCases } from './exampleCases.ts';

const examples = new URL('../../examples/', import.meta.url);
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-examples-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** What a kind of hook takes. */
const needs: Record<string, FeatureName> = {
  ...{ syscall: 'tracepoint', tracepoint: 'tracepoint', ksyscall: 'kprobe', kprobe: 'kprobe' },
  ...{ kretprobe: 'kretprobe', fexit: 'fexit', lsm: 'lsm', uprobe: 'uprobe', uretprobe: 'uprobe' },
};

function probeIn(file: string): TraceProbe {
  const [manifest] = parseDocuments(readFileSync(new URL(file, examples), 'utf8'), file);
  if (manifest === undefined) throw new Error(`${file} has no TraceProbe`);
  return manifest.probe;
}

/** Why this kernel cannot run a probe; undefined: it can. */
function refusalOf(probe: TraceProbe): string | undefined {
  using kernel = runningKernel();
  try {
    compileProbe(probe, kernel);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProbeRefusedError)) throw error;
    const lacking = (probe.spec.points ?? []).some(({ attach }) => {
      const feature = needs[attach.split('/')[0] ?? ''];
      return feature !== undefined && !kernel.features.probe(feature).supported;
    });
    expect(error.message).toMatch(lacking ? / needs / : /has no (function|tracepoint|system call) /);
    return error.message;
  }
}

test('each example is run by a test', () => {
  expect(exampleCases.map(({ name }) => `${name}.yaml`).sort()).toEqual(readdirSync(examples).sort());
});

test.each(exampleCases)(
  'examples/$name.yaml shows what it promises, or why this kernel cannot',
  async ({ name, cause, impossible }) => {
    const probe = probeIn(`${name}.yaml`);
    const reason = refusalOf(probe) ?? impossible?.();
    if (reason !== undefined) {
      process.stderr.write(`examples/${name}.yaml is not for this kernel: ${reason}\n`);
      // Debian's kernel can run all of them, and so each one is run at least there.
      expect(process.env['TRACEPROBE_TEST_KERNEL']).not.toBe('6.12');
      return;
    }
    const traced = trace(probe).during(async () => {
      // What is expected is known only then: ports, pids.
      for (const event of await cause(directory)) traced.expectEvent(event);
    });
    await traced;
  },
);
