// SPDX-License-Identifier: GPL-2.0
/*
 * A system call by its tracepoints sys_enter_NAME and sys_exit_NAME. Their records are fixed: the number at
 * offset 8, then at 16 the arguments (8 bytes each) or the return value.
 */
#include "pair.h"

struct sys_enter {
  __u64 unused;
  long number;
  __u64 args[6];
};

struct sys_exit {
  __u64 unused;
  long number;
  __s64 retval;
};

/* Fetches no more arguments than the call has: a read behind the record's end would make the attach fail. */
static __always_inline void fetch_arguments(struct sys_enter *context, struct scratch *s) {
  volatile struct sys_enter *record = context;
  if (CONFIG.argument_count > 0)
    s->args[0] = record->args[0];
  if (CONFIG.argument_count > 1)
    s->args[1] = record->args[1];
  if (CONFIG.argument_count > 2)
    s->args[2] = record->args[2];
  if (CONFIG.argument_count > 3)
    s->args[3] = record->args[3];
  if (CONFIG.argument_count > 4)
    s->args[4] = record->args[4];
  if (CONFIG.argument_count > 5)
    s->args[5] = record->args[5];
}

SEC("tracepoint")
int single(struct sys_enter *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  fetch_arguments(context, a.s);
  return capture(context, a.s, a.c);
}

SEC("tracepoint")
int enter(struct sys_enter *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  fetch_arguments(context, a.s);
  return finish_enter(context, a.s, a.c, TASK_ID);
}

SEC("tracepoint")
int leave(struct sys_exit *context) {
  struct tp_counters *c = own_counters();
  return c ? finish_leave(context, c, TASK_ID, context->retval) : 0;
}
