import { expect, test } from '@jest/globals';
import { explainRefusal, summarizeLog } from './verifierLog.ts';

// Logs as kernels wrote them (6.1 and 6.18), shortened in the middle.
const nullPointer = `0: R1=ctx() R10=fp0
; __u64 key = 0, *count = bpf_map_lookup_elem(&counts, &key); @ refused.bpf.c:17
0: (b7) r1 = 0                        ; R1=0
6: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null(id=1,map=counts,ks=8,vs=8)
; return (int)*count; @ refused.bpf.c:18
7: (79) r0 = *(u64 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'
processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;

test('a summary is the refusal with its instruction and source line, without statistics', () => {
  expect(summarizeLog(nullPointer)).toBe(
    "; return (int)*count; @ refused.bpf.c:18 | 7: (79) r0 = *(u64 *)(r0 +0) | R0 invalid mem access 'map_value_or_null'",
  );
});

test('a summary of a log without source lines has the last instructions, without their registers', () => {
  const log = `6: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null(id=1,map=counts,ks=8,vs=8)
7: (79) r0 = *(u64 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'
`;
  expect(summarizeLog(log)).toBe(
    "6: (85) call bpf_map_lookup_elem#1 | 7: (79) r0 = *(u64 *)(r0 +0) | R0 invalid mem access 'map_value_or_null'",
  );
});

test('a summary leaves out the states of an endless loop', () => {
  const log = `1: (55) if r0 != 0x1 goto pc-2 infinite loop detected at insn 0
cur state: R0=scalar() R10=fp0
old state: R0=scalar() R10=fp0
processed 13 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0
`;
  expect(summarizeLog(log)).toBe('1: (55) if r0 != 0x1 goto pc-2 infinite loop detected at insn 0');
});

test('an empty log is said to be empty', () => {
  expect(summarizeLog('\n')).toBe('the verifier gave no reason');
});

test.each([
  ["R0 invalid mem access 'map_value_or_null'", /check it for null/],
  ['invalid access to map value, value_size=8 off=8 size=8', /within bounds/],
  ['invalid indirect read from stack R2 off -8+0 size 8', /never written/],
  ['back-edge from insn 3 to 1', /constant bound/],
  ['infinite loop detected at insn 0', /constant bound/],
  ['unreachable insn 2', /no path reaches/],
  ['BPF program is too large. Processed 1000001 insn', /one million/],
  ['The sequence of 8193 jumps is too complex.', /one million/],
  ['unknown func bpf_override_return#58', /does not have/],
  ['invalid func unknown#9999', /does not have/],
  ['program of this type cannot use helper bpf_override_return#58', /does not have/],
  ['invalid func unknown#195896080', /CO-RE/],
  ['R1 type=scalar expected=fp, pkt, map_value, mem', /another type/],
  ['combined stack size of 2 calls is 544. Too large', /512 bytes/],
  ['Unreleased reference id=2 alloc_insn=7', /not given back/],
  ['cannot call GPL-restricted function from non-GPL compatible program', /LICENSE/],
])('"%s" is explained', (line, explanation) => {
  expect(explainRefusal(`0: (b7) r1 = 0\n${line}\nprocessed 1 insns\n`)).toMatch(explanation);
});

test('a refusal that is not common is not explained', () => {
  expect(explainRefusal('math between fp pointer and register with unbounded')).toBeUndefined();
});
