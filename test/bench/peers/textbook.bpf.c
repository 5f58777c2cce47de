// SPDX-License-Identifier: GPL-2.0
/* openat() as every introduction to ring buffers does it: reserve, fill, submit. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "peer.h"
#include "sys_enter.h"

char LICENSE[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, RING_BYTES);
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int trace_openat(struct sys_enter *context) {
  struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event)
    return 0;
  event->time = bpf_ktime_get_ns();
  event->pid = bpf_get_current_pid_tgid() >> 32;
  bpf_get_current_comm(event->comm, sizeof(event->comm));
  bpf_probe_read_user_str(event->filename, sizeof(event->filename), (void *)context->args[1]);
  bpf_ringbuf_submit(event, 0);
  return 0;
}
