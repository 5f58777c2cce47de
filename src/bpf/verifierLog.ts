/** A refusal that programmers meet often: what the log says, what it means, what to do. */
interface Refusal {
  pattern: RegExp;
  explanation: string;
}

// The texts are kernel/bpf/verifier.c's, 6.1 to 6.18; more specific ones first.
const refusals: readonly Refusal[] = [
  {
    pattern: /invalid indirect (read|access)/,
    explanation:
      'A helper or map operation would read stack bytes that were never written: initialise the whole structure, padding included (struct x v = {} does not write padding; use __builtin_memset).',
  },
  {
    pattern: /BPF program is too large|too many instructions|sequence of \d+ jumps is too complex/,
    explanation:
      'The verifier walked more than one million instructions, or more branches than it keeps: fewer or bounded loops, fewer branches that multiply, or parts in __noinline functions, which are verified once.',
  },
  {
    pattern: /back-edge|infinite loop detected/,
    explanation:
      'The program has a loop whose end the verifier cannot see: give it a constant bound, use bpf_loop() (5.17), or unroll it.',
  },
  {
    pattern: /unreachable insn/,
    explanation:
      'Instructions that no path reaches, usually the rest of a branch that a constant made dead, or a function that CO-RE relocation disabled.',
  },
  {
    pattern: /invalid func unknown#195896080|invalid CO-RE relocation/,
    explanation:
      'A CO-RE relocation found no such type or field in this kernel, and the program reaches it: guard the access with bpf_core_field_exists() or bpf_core_type_exists().',
  },
  {
    pattern:
      /unknown func|invalid func |cannot use helper|helper call is not allowed|calling kernel function/,
    explanation:
      'The program calls a helper or kernel function that this kernel, or this program type, does not have: the kernel is too old or locked down, or the program needs another type or a GPL licence.',
  },
  {
    pattern: /R\d+ type=\S+ expected=/,
    explanation:
      'An argument has another type than the helper expects, for instance a pointer that may be null (check it first), a number in a pointer’s place, or a map value in the stack’s.',
  },
  {
    pattern:
      /invalid mem access|invalid access to (map value|memory|packet)|R\d+ (pointer arithmetic|unbounded memory access|min value is)/,
    explanation:
      'A pointer is dereferenced that the verifier does not know to be safe: check it for null, keep the offset within bounds on every path, and read kernel or user memory through bpf_probe_read_*().',
  },
  {
    pattern: /cannot call GPL-restricted function/,
    explanation:
      'The program uses what is for GPL-compatible programs: char LICENSE[] SEC("license") = "GPL".',
  },
  {
    pattern: /combined stack size|invalid (write|read|variable-offset \S+) (to|from) stack/,
    explanation:
      'The stack is 512 bytes for a program and what it calls: move large buffers to a per-CPU array or to the ring.',
  },
  {
    pattern: /dereference of modified ctx ptr|invalid bpf_context access/,
    explanation:
      'The context is read at an offset or size that this program type does not allow: read it directly, with constant offsets, and only the fields it has.',
  },
  {
    pattern: /Unreleased reference|reference has not been (released|acquired)/,
    explanation:
      'What was reserved or acquired (a ring record, a dynptr, a lock) is not given back on every path: submit or discard it before each return.',
  },
];

/** Statistics and states, which say nothing about the cause. */
const noise =
  /^(processed \d+ insns|verification time|stack depth|mark_precise:|last_idx|regs=|parent |peak_states|cur state:|old state:|(from )?\d+( to \d+)?: R\d+)/;

/** What the verifier knows of the registers behind an instruction: "6: (85) call …#1    ; R0=map_value…". */
const registers = /\s{2,}; (R\d+|frame\d+).*$/;

const mostLines = 4;

/**
 * The last useful lines of a verifier log, one line of text: the refusal itself, what led to it (the instruction and
 * its source line), without statistics and register dumps.
 */
export function summarizeLog(log: string): string {
  const lines = log
    .split('\n')
    .map((line) => line.trim().replace(registers, ''))
    .filter((line) => line !== '' && !noise.test(line));
  const useful: string[] = [];
  for (let at = lines.length - 1; at >= 0 && useful.length < mostLines; at--) {
    const line = lines[at] ?? '';
    useful.unshift(line);
    // "; source line @ file.c:12" begins what belongs to the refused instruction.
    if (line.startsWith(';') && useful.length > 1) break;
  }
  return useful.length > 0 ? useful.join(' | ') : 'the verifier gave no reason';
}

/** What a common refusal in this log means and how to avoid it, or undefined for one that is not known here. */
export function explainRefusal(log: string): string | undefined {
  return refusals.find(({ pattern }) => pattern.test(log))?.explanation;
}
