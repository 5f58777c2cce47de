/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pairs of entry and return: the entry remembers arguments and time in task storage (freed with the task, never
 * evicted), the return takes them out.
 *
 * A frame is known by a stack address that both sides see. Stacks grow down, so a remembered frame at or below
 * the address of a new entry belongs to a call that has returned without our being told: it is lost{unpaired}.
 */
#ifndef TRACEPROBE_PAIR_H
#define TRACEPROBE_PAIR_H

#include "capture.h"

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct tp_frames);
} pairs SEC(".maps");

#define TASK_ID 1 /* frame id of a hook that a task cannot enter twice: a syscall */

static __always_inline int same_stack(__u64 a, __u64 b) {
  if (a >> 63)
    return (a ^ b) < THREAD_SIZE; /* kernel stacks are aligned to their size */
  return !(b >> 63) && (a > b ? a - b : b - a) < (8 << 20); /* ulimit -s */
}

static __always_inline struct tp_frames *frames_of_task(__u64 flags) {
  return bpf_task_storage_get(&pairs, bpf_get_current_task_btf(), 0, flags);
}

/* TP_MAX_FRAMES is a power of two: a mask is what the verifier understands. */
static __always_inline struct tp_frame *frame_at(struct tp_frames *frames, __u64 n) {
  OPAQUE(n);
  n &= TP_MAX_FRAMES - 1;
  return &frames->frame[n];
}

static __always_inline void drop_unpaired(struct tp_counters *c, struct tp_frames *frames) {
  frames->depth--;
  count(c, TP_LOST_UNPAIRED);
  count(c, TP_CLOSED);
}

/* Remembers a call whose arguments are in s->args. The attempt has been counted; counts what becomes of it. */
static __noinline int remember(struct tp_counters *c, struct scratch *s, __u64 id) {
  struct tp_frames *frames = frames_of_task(BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!frames) {
    count(c, TP_LOST_NESTING);
    return 0;
  }
  for (int k = 0; k < TP_MAX_FRAMES; k++) {
    __u32 depth = frames->depth;
    if (depth == 0 || depth > TP_MAX_FRAMES)
      break;
    __u64 last = frame_at(frames, depth - 1)->id;
    if (last > id || !(last == id || same_stack(id, last)))
      break;
    drop_unpaired(c, frames);
  }
  __u32 depth = frames->depth;
  if (depth >= TP_MAX_FRAMES) {
    count(c, TP_LOST_NESTING);
    return 0;
  }
  struct tp_frame *f = frame_at(frames, depth);
  f->id = id;
  f->time = bpf_ktime_get_boot_ns();
  for (int n = 0; n < 6; n++)
    f->args[n] = s->args[n];
  frames->depth = depth + 1;
  count(c, TP_OPENED);
  return 0;
}

/* Takes the call `id` out into s->args and s->duration; 0 when its entry was not seen. */
static __noinline int recall(struct tp_counters *c, struct scratch *s, __u64 id) {
  struct tp_frames *frames = frames_of_task(0);
  if (!frames)
    return 0;
  for (int k = 0; k < TP_MAX_FRAMES; k++) {
    __u32 depth = frames->depth;
    if (depth == 0 || depth > TP_MAX_FRAMES)
      return 0;
    struct tp_frame *f = frame_at(frames, depth - 1);
    if (f->id == id) {
      for (int n = 0; n < 6; n++)
        s->args[n] = f->args[n];
      s->now = bpf_ktime_get_boot_ns();
      s->duration = s->now - f->time;
      frames->depth = depth - 1;
      count(c, TP_CLOSED);
      return 1;
    }
    if (f->id > id || !same_stack(id, f->id))
      return 0;
    drop_unpaired(c, frames);
  }
  return 0;
}

/* The entry's own part of the filter, then remember. */
static __always_inline int finish_enter(void *context, struct scratch *s, struct tp_counters *c, __u64 id) {
  if (filter(context, s))
    remember(c, s, id);
  else
    count(c, TP_FILTERED);
  release_scratch(s);
  return 0;
}

/*
 * Begins a return. Without scratch the entry stays remembered and is found unpaired by the next one: counted then.
 */
static __always_inline int finish_leave(void *context, struct tp_counters *c, __u64 id, __u64 retval) {
  struct scratch *s = claim_scratch();
  if (!s)
    return 0;
  if (!recall(c, s, id)) {
    release_scratch(s);
    return 0;
  }
  s->retval = retval;
  return capture(context, s, c);
}

#endif
