/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * What the BPF programs, the native addons and the TypeScript compiler agree on: limits, the frozen
 * configuration that specialises a generic program, the record it writes, its counters and its gate.
 * native/common/layout.cc exports sizes and offsets of all this; src/probe/config.test.ts compares them
 * with what the compiler writes.
 *
 * Only fixed-width types: the includer provides __u8 … __s64 (linux/types.h does).
 */
#ifndef TRACEPROBE_H
#define TRACEPROBE_H

#define TP_MAX_FIELDS 24     /* 16 captured ones and those only a filter needs */
#define TP_MAX_STEPS 4       /* pointers followed for one value */
#define TP_MAX_ARGS 12       /* raw tracepoints have up to 12 arguments, functions up to 6 */
#define TP_MAX_PREDICATES 16
#define TP_PREDICATE_BYTES 64 /* longest string a predicate compares, the NUL included */
#define TP_COMM_BYTES 16
#define TP_MAX_SLOTS 1024    /* points loaded at a time */
#define TP_MAX_PROBES 1024
#define TP_MAX_VALUE_BYTES 65536 /* maxBytes of one captured string or buffer */
#define TP_MAX_ARGV 64       /* strings of a Strv field */
#define TP_MAX_PATH_PARTS 48 /* components of a walked path */

/* Scratch: where a record is put together. A slot is claimed by compare-and-swap. */
#define TP_SCRATCH_SLOTS 4         /* a CPU: task, soft interrupt, hard interrupt, preempted task */
#define TP_SMALL_VARIABLE 8192     /* bytes for the variable part of a record in a small scratch slot */
#define TP_LARGE_VARIABLE (131072) /* likewise for probes with a large maxBytes */

/* tp_value.source: where a value starts. */
enum tp_source {
  TP_SOURCE_NONE,
  TP_SOURCE_ARGUMENT,  /* args[index] */
  TP_SOURCE_CONTEXT,   /* the tracepoint's record: memory at context + offset, read with `size` */
  TP_SOURCE_CONTEXT_ADDRESS, /* the address context + offset (a char array inside the record) */
  TP_SOURCE_DATA_LOC,  /* address and length from the __data_loc word at context + offset */
  TP_SOURCE_RETURN,    /* return value */
  TP_SOURCE_DURATION,  /* nanoseconds between entry and return */
  TP_SOURCE_PID,       /* the ones below: of the current task */
  TP_SOURCE_TID,
  TP_SOURCE_PPID,
  TP_SOURCE_UID,
  TP_SOURCE_GID,
  TP_SOURCE_COMM,      /* address of comm in the record's header */
  TP_SOURCE_TASK,      /* address of the current task_struct */
  TP_SOURCE_REL_LOC,   /* likewise as DATA_LOC, from the __rel_loc word: relative to the word's own end */
};

/*
 * How to get one 64-bit value: start at the source, follow `steps` pointers (v = *(u64 *)(v + step[i])),
 * then load `size` bytes at v + offset (size 0: the value is the address v + offset itself), then take
 * `bits` bits from bit `shift` (bits 0: all) and extend the sign if `is_signed`; of a value in network order
 * its lowest `swapped` bytes (2 4 8) are then put in the host's.
 * Reads number `user_from` and later (0 = first pointer, `steps` = the final load and the string) are
 * from user memory; 255 = none.
 */
struct tp_value {
  __u8 source;
  __u8 index;
  __u8 steps;
  __u8 user_from;
  __u8 size; /* 0 1 2 4 8 */
  __u8 shift;
  __u8 bits;
  __u8 is_signed;
  __u32 offset;
  __u32 step[TP_MAX_STEPS];
  __u8 swapped; /* 0: as it is */
  __u8 pad[3];
}; /* 32 bytes */

/* tp_field.kind: how a value is recorded. */
enum tp_kind {
  TP_KIND_NONE,     /* not recorded: only predicates look at it */
  TP_KIND_INTEGER,  /* the value, 8 bytes */
  TP_KIND_STRING,   /* NUL-terminated string at the value */
  TP_KIND_BYTES,    /* max_bytes bytes at the value, or as many as field `length_field` says if fewer */
  TP_KIND_STRV,     /* the value is a user-space char *[]: strings, NUL-separated, up to max_bytes in all */
  TP_KIND_PATH,     /* the value is the address of a struct path: parts innermost first, NUL-separated */
  TP_KIND_DENTRY,   /* the value is a struct dentry *: likewise, up to the root of its file system */
  TP_KIND_SOCKADDR, /* the value is the address of a struct sockaddr: at most 128 bytes by its family */
};

#define TP_FIELD_EARLY 1 /* a predicate needs it: loaded before the predicates run */
#define TP_FIELD_USER 2  /* the string, buffer or sockaddr lies in user memory */
#define TP_NO_FIELD 255

struct tp_field {
  struct tp_value value;
  __u8 kind;
  __u8 flags;
  __u8 length_field; /* index of the field that holds the length, TP_NO_FIELD: none */
  __u8 pad;
  __u32 max_bytes;
}; /* 40 bytes */

/* tp_predicate.op: comparison of a field's value with `immediate` or its string with `string`. */
enum tp_op {
  TP_OP_EQUAL,
  TP_OP_LESS_SIGNED,
  TP_OP_LESS_UNSIGNED,
  TP_OP_GREATER_SIGNED,
  TP_OP_GREATER_UNSIGNED,
  TP_OP_HAS_BITS,      /* (value & immediate) == immediate */
  TP_OP_STRING_EQUAL,  /* the first `length` bytes, the NUL included */
  TP_OP_STRING_PREFIX, /* the first `length` bytes */
  TP_OP_TRUE,
  TP_OP_NOT_EQUAL,     /* unlike a negated EQUAL: false when the value could not be read */
  TP_OP_STRING_NOT_EQUAL,
  TP_OP_LESS_EQUAL_SIGNED,
  TP_OP_LESS_EQUAL_UNSIGNED,
  TP_OP_GREATER_EQUAL_SIGNED,
  TP_OP_GREATER_EQUAL_UNSIGNED,
};

/* Jump targets: the index of a later predicate, or one of these. */
#define TP_ACCEPT 255
#define TP_REJECT 254

/* A comparison whose value could not be read is false: on_false is taken. */
struct tp_predicate {
  __u8 op;
  __u8 field;
  __u8 on_true;
  __u8 on_false;
  __u32 length;
  __u64 immediate;
  char string[TP_PREDICATE_BYTES];
}; /* 80 bytes */

#define TP_CONFIG_SCOPED 1      /* look the workload up, run only where it selects this probe */
#define TP_CONFIG_INTERRUPTS 2  /* the hook can run in interrupt context: find out in which */
#define TP_CONFIG_LARGE 4       /* uses the large scratch slots */
#define TP_CONFIG_MEMORY_CGROUP 8 /* cgroups are those of the v1 hierarchy of the memory controller, not those of v2 */

/* tp_config.preempt_base: where the CPU's preempt_count lies, which tells the kinds of interrupts apart. */
#define TP_PREEMPT_UNKNOWN 0  /* only the stack tells, and not which interrupt */
#define TP_PREEMPT_RUNQUEUE 1 /* per CPU, preempt_offset bytes behind the CPU's runqueue (x86-64) */
#define TP_PREEMPT_TASK 2     /* in the current task, at preempt_offset (arm64) */

struct tp_config {
  __u16 slot;   /* index of the point's counters */
  __u16 schema; /* which columns its records have: generation modulo 2^16 */
  __u16 gate;   /* index of the probe's gate; also its bit in a workload's set of probes */
  __u8 flags;
  __u8 field_count;
  __u8 predicate_count;
  __u8 argument_count; /* arguments to fetch */
  __u8 preempt_base; /* TP_PREEMPT_* */
  __u8 pad;
  __u32 rate;  /* events a second a node, 0: unlimited */
  __u64 share; /* bytes of the ring this probe may have in flight */
  __s32 preempt_offset;
  __u32 pad2;
  struct tp_predicate predicates[TP_MAX_PREDICATES];
  struct tp_field fields[TP_MAX_FIELDS];
};

/* In an interrupt the current task is a bystander. */
#define TP_CONTEXT_TASK 0
#define TP_CONTEXT_INTERRUPT 1 /* soft or hard: this kernel does not tell */
#define TP_CONTEXT_SOFTIRQ 2
#define TP_CONTEXT_HARDIRQ 3 /* NMIs too */

/*
 * A record in the ring: this header, then one 64-bit word for each recorded field in the order of
 * config.fields (kind NONE has none), then the variable part. The word of an INTEGER is its value; the word
 * of any other kind is (offset in the record) | (length << 32). Bit i of `faults` is set when fields[i]
 * could not be read (its word is 0).
 */
struct tp_record {
  __u16 slot;
  __u16 schema;
  __u32 faults;
  __u64 time; /* CLOCK_BOOTTIME, ns */
  __u32 pid;  /* what user space calls pid: the thread group */
  __u32 tid;
  __u32 ppid;
  __u32 uid;
  __u32 gid;
  __u16 context; /* TP_CONTEXT_* */
  __u16 truncated_fields; /* number of fields cut at max_bytes or for want of room */
  __u64 cgroup; /* id in the hierarchy that the configuration says: the inode of its directory */
  char comm[TP_COMM_BYTES];
}; /* 64 bytes */

/* Counters of one slot, a per-CPU array's value; all 64-bit, index by these. */
enum tp_counter {
  TP_ATTEMPTED,     /* the program was entered (of a pair: the entry) */
  TP_FILTERED,      /* out of scope, or the filter said no */
  TP_CAPTURED,      /* in the ring */
  TP_LOST_RING,     /* the ring was full */
  TP_LOST_SHARE,    /* the probe had its share of the ring in flight */
  TP_LOST_RATE,     /* over events a second */
  TP_LOST_NESTING,  /* no scratch slot, or pairs nested too deep */
  TP_LOST_UNPAIRED, /* an entry whose return the kernel did not tell */
  TP_OPENED,        /* entries remembered until their return */
  TP_CLOSED,        /* entries whose return (or loss) was seen: opened - closed are under way */
  TP_COUNTERS = 16
};

struct tp_counters {
  __u64 value[TP_COUNTERS];
};

/* Gate of one probe: an mmapable array's value; one cache line. */
struct tp_gate {
  __s64 in_flight;   /* bytes captured and not yet drained: BPF adds, the drainer takes off */
  __s64 tokens;      /* events that may still pass */
  __u64 refilled_at; /* CLOCK_BOOTTIME ns of the last refill */
  __u64 pad[5];
};

/* The set of probes that select a workload. */
struct tp_workload {
  __u64 probes[TP_MAX_PROBES / 64];
};

/* Calls under way of one task at one point (task storage). */
#define TP_MAX_FRAMES 4
struct tp_frame {
  __u64 id;   /* stack address that entry and return have in common; syscalls: 1 */
  __u64 time; /* CLOCK_BOOTTIME ns at entry */
  __u64 args[6];
};
struct tp_frames {
  __u32 depth;
  __u32 pad;
  struct tp_frame frame[TP_MAX_FRAMES];
};

#endif
