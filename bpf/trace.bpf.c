// SPDX-License-Identifier: GPL-2.0
/*
 * Entry and return of a kernel function by trampoline (fentry, fexit). The agent sets the target before loading.
 * A call is known by the address of its context: entry and return run in the same trampoline's stack frame.
 */
#include "pair.h"

static __always_inline void fetch_arguments(void *context, struct scratch *s) {
#pragma unroll
  for (int n = 0; n < 6; n++)
    if (CONFIG.argument_count > n)
      bpf_get_func_arg(context, n, &s->args[n]);
}

static __always_inline __u64 frame_of(void *context, struct scratch *s) {
  *(volatile __u64 *)&s->word = (__u64)context; /* through memory: a number, not a pointer to the context */
  return *(volatile __u64 *)&s->word;
}

SEC("fentry")
int single(void *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  fetch_arguments(context, a.s);
  return capture(context, a.s, a.c);
}

SEC("fexit")
int single_return(void *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  fetch_arguments(context, a.s);
  bpf_get_func_ret(context, &a.s->retval);
  return capture(context, a.s, a.c);
}

SEC("fentry")
int enter(void *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  fetch_arguments(context, a.s);
  return finish_enter(context, a.s, a.c, frame_of(context, a.s));
}

SEC("fexit")
int leave(void *context) {
  struct tp_counters *c = own_counters();
  if (!c)
    return 0;
  struct scratch *s = claim_scratch();
  if (!s)
    return 0;
  if (!recall(c, s, frame_of(context, s))) {
    release_scratch(s);
    return 0;
  }
  bpf_get_func_ret(context, &s->retval);
  return capture(context, s, c);
}
