/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Maps that all programs share. The agent creates them once, sizes them for the machine and gives them to every
 * object it loads (map reuse), so that a further probe costs little more than its programs.
 */
#ifndef TRACEPROBE_MAPS_H
#define TRACEPROBE_MAPS_H

#include "kernel.h"
#include "traceprobe.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 22);
} events SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, TP_MAX_SLOTS);
  __type(key, __u32);
  __type(value, struct tp_counters);
} counters SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, TP_MAX_PROBES);
  __type(key, __u32);
  __type(value, struct tp_gate);
} gates SEC(".maps");

/* Workload (cgroup id) → the probes that select it. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 16384);
  __type(key, __u64);
  __type(value, struct tp_workload);
} workloads SEC(".maps");

/*
 * Where a record is put together. `record` is what goes to the ring. Behind its end there is room for one more
 * value of the greatest size, so that the verifier sees every copy stay inside.
 */
#define SMALL_VALUE 4096
#define FIXED_BYTES (sizeof(struct tp_record) + TP_MAX_FIELDS * 8)
#define SMALL_RECORD (FIXED_BYTES + TP_SMALL_VARIABLE)
#define LARGE_RECORD (FIXED_BYTES + TP_LARGE_VARIABLE)

struct scratch {
  __u32 busy;
  __u32 position; /* end of the record so far */
  __u64 args[TP_MAX_ARGS];
  __u64 retval;
  __u64 duration;
  __u64 now;
  __u64 values[TP_MAX_FIELDS];
  char text[TP_PREDICATE_BYTES];
  __u64 word; /* a pointer or a value just read */
  struct tp_record header; /* first part of the record; its words and variable part follow (record_words) */
};

struct scratch_small {
  struct scratch scratch;
  __u8 rest[SMALL_RECORD - sizeof(struct tp_record) + SMALL_VALUE + 8];
};

struct scratch_large {
  struct scratch scratch;
  __u8 rest[LARGE_RECORD - sizeof(struct tp_record) + TP_MAX_VALUE_BYTES + 8];
};

static __always_inline __u64 *record_words(struct scratch *s) {
  return (__u64 *)(s + 1);
}

/* Indexed by cpu * TP_SCRATCH_SLOTS + slot; plain arrays, because a per-CPU value is at most 32 KiB. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, TP_SCRATCH_SLOTS);
  __type(key, __u32);
  __type(value, struct scratch_small);
} scratch_small SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, TP_SCRATCH_SLOTS);
  __type(key, __u32);
  __type(value, struct scratch_large);
} scratch_large SEC(".maps");

#endif
