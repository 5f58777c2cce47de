// SPDX-License-Identifier: GPL-2.0
/*
 * The built-in `processes`: which programs are run, with all their arguments, and how processes end. Two programs,
 * one kind of record; the words in this order (src/probe/builtins.ts names the columns):
 */
#include "capture.h"

enum word {
  WORD_KIND,     /* string: "exec" or "exit" */
  WORD_FILENAME, /* string; exec only */
  WORD_ARGS,     /* NUL-separated strings, at most 64 KiB; exec only */
  WORD_ARGC,     /* integer; exec only */
  WORD_EXIT_CODE, /* integer; exit only, as the other ones */
  WORD_SIGNAL,   /* integer: the signal that ended it, 0 none */
  WORD_LIFETIME, /* ns since the process was forked */
  WORDS
};

#define EXEC_ONLY (1u << WORD_FILENAME | 1u << WORD_ARGS | 1u << WORD_ARGC)
#define EXIT_ONLY (1u << WORD_EXIT_CODE | 1u << WORD_SIGNAL | 1u << WORD_LIFETIME)

#define FILENAME_BYTES 4096

/* Passes the gate and begins a record; 0: counted and over. */
static __always_inline int begin_record(struct attempt *a, const char *kind, __u32 absent) {
  if (!begin(a))
    return 0;
  struct scratch *s = a->s;
  s->now = bpf_ktime_get_boot_ns();
  __u32 refused = pass_gate(s->now);
  if (refused != TP_ATTEMPTED) {
    count(a->c, refused);
    release_scratch(s);
    return 0;
  }
  write_header(s);
  s->header.faults = absent;
  s->position = sizeof(struct tp_record) + 8 * WORDS;
#pragma unroll
  for (int w = 0; w < WORDS; w++)
    record_words(s)[w] = 0;
  __u8 *to = (__u8 *)&s->header + sizeof(struct tp_record) + 8 * WORDS;
  __builtin_memcpy(to, kind, 4);
  append(s, WORD_KIND, 4);
  return 1;
}

SEC("raw_tracepoint/sched_process_exec")
int exec(__u64 *context) {
  struct linux_binprm *binprm = (void *)context[2];
  struct attempt a;
  if (!begin_record(&a, "exec", EXIT_ONLY))
    return 0;
  struct scratch *s = a.s;

  __u8 *to = end_of_record(s);
  long n = bpf_probe_read_kernel_str(to, FILENAME_BYTES, BPF_CORE_READ(binprm, filename));
  if (n > 0)
    append(s, WORD_FILENAME, n - 1);
  else
    fault(s, WORD_FILENAME);

  struct task_struct *task = (void *)bpf_get_current_task();
  __u64 start = BPF_CORE_READ(task, mm, arg_start), end = BPF_CORE_READ(task, mm, arg_end);
  __u32 length = end > start ? end - start : 0;
  if (end - start > TP_MAX_VALUE_BYTES && end > start) {
    length = TP_MAX_VALUE_BYTES;
    s->header.truncated_fields++;
  }
  to = end_of_record(s);
  OPAQUE(length);
  if (length <= greatest_value() && (!length || !bpf_probe_read_user(to, length, (void *)start)))
    append(s, WORD_ARGS, length);
  else
    fault(s, WORD_ARGS);
  record_words(s)[WORD_ARGC] = BPF_CORE_READ(binprm, argc);
  submit(s, a.c);
  return 0;
}

SEC("raw_tracepoint/sched_process_exit")
int leave(__u64 *context) {
  struct task_struct *task = (void *)bpf_get_current_task();
  struct signal_struct *process = BPF_CORE_READ(task, signal);
  if (BPF_CORE_READ(process, live.counter) != 0)
    return 0; /* a thread; do_exit() has taken itself off before the tracepoint, so the last one sees 0 */
  struct attempt a;
  if (!begin_record(&a, "exit", EXEC_ONLY))
    return 0;
  struct scratch *s = a.s;
  /* As wait_task_zombie() in kernel/exit.c puts the status together. */
  int status = BPF_CORE_READ(process, flags) & SIGNAL_GROUP_EXIT ? BPF_CORE_READ(process, group_exit_code)
                                                                 : BPF_CORE_READ(task, group_leader, exit_code);
  record_words(s)[WORD_EXIT_CODE] = status >> 8 & 0xff;
  record_words(s)[WORD_SIGNAL] = status & 0x7f;
  record_words(s)[WORD_LIFETIME] = s->now - BPF_CORE_READ(task, group_leader, start_boottime);
  submit(s, a.c);
  return 0;
}
