// SPDX-License-Identifier: GPL-2.0
/* A raw tracepoint: the arguments of the kernel's trace_NAME(), before any record is made. */
#include "capture.h"

struct raw_arguments {
  __u64 args[TP_MAX_ARGS];
};

SEC("raw_tracepoint")
int single(struct raw_arguments *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  volatile struct raw_arguments *arguments = context;
#pragma unroll
  for (int n = 0; n < TP_MAX_ARGS; n++)
    if (CONFIG.argument_count > n)
      a.s->args[n] = arguments->args[n];
  return capture(context, a.s, a.c);
}
