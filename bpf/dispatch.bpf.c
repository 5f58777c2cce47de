// SPDX-License-Identifier: GPL-2.0
/*
 * What is really attached: a program that jumps to the current generation of the probe's own.
 *
 * Links of kprobes, tracepoints and trampolines cannot be swapped, and two programs attached at once would count
 * an event twice or not at all, whichever order they run in. One word of a program array is swapped at a stroke:
 * every hit runs exactly one generation. An empty array (not armed yet, or suspended) costs a few nanoseconds.
 */
#include "kernel.h"

char LICENSE[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} current SEC(".maps");

#define DISPATCH(name, section)                                                                                   \
  SEC(section)                                                                                                    \
  int dispatch_##name(void *context) {                                                                                       \
    bpf_tail_call_static(context, &current, 0);                                                                   \
    return 0;                                                                                                     \
  }

DISPATCH(tracepoint, "tracepoint")
DISPATCH(raw_tracepoint, "raw_tracepoint")
DISPATCH(kprobe, "kprobe")
DISPATCH(fentry, "fentry")
DISPATCH(fexit, "fexit")
DISPATCH(lsm, "lsm")
