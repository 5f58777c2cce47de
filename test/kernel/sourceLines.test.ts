import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { loadProgram } from '../../src/agent/loadProgram.ts';
import { createSharedMaps } from '../../src/agent/sharedMaps.ts';
import { withoutSourceLines } from '../../scripts/building/withoutSourceLines.js';
import { BpfObject, VerifierError, type Program } from '../../src/bpf/index.ts';
import { encodeConfig } from '../../src/probe/config.ts';
import { compileFixture } from './compileFixture.ts';
import { heaviestPlan } from './heaviestPlan.ts';

const counter = readFileSync(compileFixture('counter'));

/** The first program, loaded alone, and what the verifier logged. */
function verified(file: Buffer): { program: Program; object: BpfObject } {
  const object = BpfObject.open(file, { name: 'lines' });
  const program = object.program('on_getpriority');
  program.setLogLevel(2);
  object.load();
  return { program, object };
}

test('an object without source lines loads to the same instructions, and its log has none', () => {
  const [whole, without] = [verified(counter), verified(withoutSourceLines(counter))];
  using _whole = whole.object;
  using _without = without.object;
  expect(whole.program.log).toMatch(/^; \S/m);
  expect(without.program.log).not.toMatch(/^; \S/m);
  expect(without.program.info.tag).toBe(whole.program.info.tag);
  expect(without.program.info.verifiedInstructions).toBe(whole.program.info.verifiedInstructions);
});

test('a generic program that the verifier refuses is refused with source lines', () => {
  using maps = createSharedMaps();
  const hook = { type: 'tracepoint', category: 'syscalls', name: 'sys_enter_openat' } as const;
  const part = { object: 'tracepoint', program: 'single', role: 'single', hook } as const;
  const { point, program } = heaviestPlan(part, 0);
  const place = { slot: 0, schema: 1, gate: 0, scoped: false, rate: 0, share: 1n << 20n };
  // It is told to use the large scratch slots, which are not given to it.
  const config = encodeConfig({ ...point, large: true }, program, place);
  let refusal: unknown;
  try {
    using _loaded = loadProgram(program, { maps, config, pairs: undefined, large: false });
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(VerifierError);
  expect((refusal as VerifierError).log).toMatch(/^; .*\bCONFIG\.flags & TP_CONFIG_LARGE/m);
});
