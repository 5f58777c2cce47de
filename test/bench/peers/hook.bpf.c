// SPDX-License-Identifier: GPL-2.0
/* Nothing but attached: what every tracer of openat() pays before it does anything. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "peer.h"

char LICENSE[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, RING_BYTES);
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int trace_openat(void *context) {
  (void)context;
  return 0;
}
