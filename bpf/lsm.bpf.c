// SPDX-License-Identifier: GPL-2.0
/* A BPF LSM hook, only watching: it always answers "allowed". */
#include "capture.h"

SEC("lsm")
int single(__u64 *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  volatile __u64 *arguments = context;
  /* bpf_get_func_arg() is not for LSM programs: constant offsets, no more than the hook has. */
  if (CONFIG.argument_count > 0)
    a.s->args[0] = arguments[0];
  if (CONFIG.argument_count > 1)
    a.s->args[1] = arguments[1];
  if (CONFIG.argument_count > 2)
    a.s->args[2] = arguments[2];
  if (CONFIG.argument_count > 3)
    a.s->args[3] = arguments[3];
  if (CONFIG.argument_count > 4)
    a.s->args[4] = arguments[4];
  if (CONFIG.argument_count > 5)
    a.s->args[5] = arguments[5];
  capture(context, a.s, a.c);
  return 0;
}
