// SPDX-License-Identifier: GPL-2.0
/*
 * Entry and return of a function by breakpoint: kprobes and kretprobes in the kernel, uprobes and uretprobes in
 * a binary, and the architecture's wrapper of a system call, whose arguments are in the registers of user space.
 */
#include "pair.h"

static __always_inline void fetch_arguments(struct pt_regs *context, struct scratch *s) {
  s->args[0] = REG_ARGUMENT_0(context);
  s->args[1] = REG_ARGUMENT_1(context);
  s->args[2] = REG_ARGUMENT_2(context);
  s->args[3] = REG_ARGUMENT_3(context);
  s->args[4] = REG_ARGUMENT_4(context);
  s->args[5] = REG_ARGUMENT_5(context);
}

static __always_inline void fetch_syscall_arguments(struct pt_regs *context, struct scratch *s) {
  struct pt_regs *user = (void *)REG_ARGUMENT_0(context);
#if defined(__TARGET_ARCH_x86)
  s->args[0] = BPF_CORE_READ(user, di);
  s->args[1] = BPF_CORE_READ(user, si);
  s->args[2] = BPF_CORE_READ(user, dx);
  s->args[3] = BPF_CORE_READ(user, r10);
  s->args[4] = BPF_CORE_READ(user, r8);
  s->args[5] = BPF_CORE_READ(user, r9);
#else
  struct user_pt_regs *registers = (void *)user;
  s->args[0] = BPF_CORE_READ(user, orig_x0);
#pragma unroll
  for (int n = 1; n < 6; n++)
    bpf_probe_read_kernel(&s->args[n], 8, &registers->regs[n]);
#endif
}

SEC("kprobe")
int single(struct pt_regs *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  fetch_arguments(context, a.s);
  return capture(context, a.s, a.c);
}

SEC("kprobe")
int single_return(struct pt_regs *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  a.s->retval = REG_RETURN(context);
  return capture(context, a.s, a.c);
}

SEC("kprobe")
int enter(struct pt_regs *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  fetch_arguments(context, a.s);
  return finish_enter(context, a.s, a.c, REG_STACK(context));
}

SEC("kprobe")
int leave(struct pt_regs *context) {
  struct tp_counters *c = own_counters();
  if (!c)
    return 0;
  return finish_leave(context, c, REG_STACK(context) - RETURN_STACK_OFFSET, REG_RETURN(context));
}

SEC("kprobe")
int syscall_single(struct pt_regs *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  fetch_syscall_arguments(context, a.s);
  return capture(context, a.s, a.c);
}

SEC("kprobe")
int syscall_enter(struct pt_regs *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  fetch_syscall_arguments(context, a.s);
  return finish_enter(context, a.s, a.c, REG_STACK(context));
}
