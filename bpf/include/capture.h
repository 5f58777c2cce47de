/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The body of every generic program: count, select, load values, filter, pass the gate, write the record.
 *
 * A program is compiled once and specialised by CONFIG, one frozen struct in read-only data: the verifier reads
 * its values as constants, follows only the branches that they leave and removes the rest. One struct and not
 * several variables, because variables are laid out in the order of their first use.
 */
#ifndef TRACEPROBE_CAPTURE_H
#define TRACEPROBE_CAPTURE_H

#include "maps.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct tp_config CONFIG = {};

/* Hides a value's origin from the compiler, so that it keeps the bounds check that the verifier wants to see. */
#define OPAQUE(x) asm volatile("" : "+r"(x))

static __always_inline void count(struct tp_counters *c, __u32 counter) {
  __sync_fetch_and_add(&c->value[counter], 1);
}

static __always_inline struct tp_counters *own_counters(void) {
  __u32 slot = CONFIG.slot;
  return bpf_map_lookup_elem(&counters, &slot);
}

/*
 * What every event has is read from the task itself, where the verifier knows the types: loads that cannot fault,
 * compiled in place. A helper a value (bpf_get_current_pid_tgid and so on) is a call and a return, which with
 * mitigations for speculative returns takes some 40 ns each.
 */
static __always_inline struct task_struct *current_task(void) {
  return (void *)bpf_get_current_task_btf();
}

static __always_inline __u64 cgroup_of(struct task_struct *task) {
  if (CONFIG.flags & TP_CONFIG_MEMORY_CGROUP)
    return task->cgroups->subsys[bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id)]->cgroup->kn->id;
  return task->cgroups->dfl_cgrp->kn->id;
}

static __always_inline void copy_comm(char *to, struct task_struct *task) {
  _Static_assert(TP_COMM_BYTES == TASK_COMM_LEN && TASK_COMM_LEN == 16, "two words");
  ((__u64 *)to)[0] = ((__u64 *)task->comm)[0];
  ((__u64 *)to)[1] = ((__u64 *)task->comm)[1];
}

/*
 * Is the current workload one that this probe selects? One that nobody has told of may be: whoever drains the ring
 * waits until it is known. So does it decide where the current task may be a bystander.
 */
static __always_inline int in_scope(void) {
  if (!(CONFIG.flags & TP_CONFIG_SCOPED) || CONFIG.flags & TP_CONFIG_INTERRUPTS)
    return 1;
  __u64 cgroup = cgroup_of(current_task());
  struct tp_workload *w = bpf_map_lookup_elem(&workloads, &cgroup);
  __u32 gate = CONFIG.gate;
  return !w || (w->probes[(gate / 64) % (TP_MAX_PROBES / 64)] >> (gate % 64) & 1);
}

static __always_inline struct scratch *scratch_slot(__u32 index) {
  if (CONFIG.flags & TP_CONFIG_LARGE)
    return bpf_map_lookup_elem(&scratch_large, &index);
  return bpf_map_lookup_elem(&scratch_small, &index);
}

/*
 * Claims one of this CPU's scratch slots: programs interrupt one another, and uprobe and fentry programs are
 * preempted in the middle, so that one buffer a CPU would be overwritten.
 */
static __always_inline struct scratch *claim_scratch(void) {
  __u32 first = bpf_get_smp_processor_id() * TP_SCRATCH_SLOTS;
#pragma unroll
  for (int i = 0; i < TP_SCRATCH_SLOTS; i++) {
    struct scratch *s = scratch_slot(first + i);
    if (!s)
      return 0;
    if (!s->busy && __sync_val_compare_and_swap(&s->busy, 0, 1) == 0) {
      s->header.faults = 0;
      s->header.truncated_fields = 0;
      return s;
    }
  }
  return 0;
}

static __always_inline void release_scratch(struct scratch *s) {
  *(volatile __u32 *)&s->busy = 0;
}

static __always_inline void fault(struct scratch *s, __u32 field) {
  s->header.faults |= 1u << field;
}

static __always_inline long read_memory(void *to, __u32 size, __u64 from, int user) {
  return user ? bpf_probe_read_user(to, size, (void *)from) : bpf_probe_read_kernel(to, size, (void *)from);
}

/* Kernel functions are handed user pointers too, and BTF of gcc does not tell: the address does, by its top bit. */
static __always_inline long read_string(void *to, __u32 size, __u64 from, int user) {
  return user || !(from >> 63) ? bpf_probe_read_user_str(to, size, (void *)from)
              : bpf_probe_read_kernel_str(to, size, (void *)from);
}

/* Loads the value of field i into s->values[i]. */
static __noinline int load_value(void *context, struct scratch *s, __u32 i) {
  if (i >= TP_MAX_FIELDS)
    return 0;
  const volatile struct tp_value *v = &CONFIG.fields[i].value;
  __u64 value = 0;
  long error = 0;
  s->values[i] = 0;
  switch (v->source) {
  case TP_SOURCE_ARGUMENT:
    if (v->index < TP_MAX_ARGS)
      value = s->args[v->index];
    break;
  case TP_SOURCE_CONTEXT:
  case TP_SOURCE_CONTEXT_ADDRESS:
    value = (__u64)context;
    break;
  case TP_SOURCE_DATA_LOC:
  case TP_SOURCE_REL_LOC:
    s->word = 0;
    error = bpf_probe_read_kernel(&s->word, 4, context + v->offset);
    s->values[i] = (__u64)context + (s->word & 0xffff) + (v->source == TP_SOURCE_REL_LOC ? v->offset + 4 : 0);
    if (error)
      fault(s, i);
    return 0;
  case TP_SOURCE_RETURN:
    value = s->retval;
    break;
  case TP_SOURCE_DURATION:
    value = s->duration;
    break;
  case TP_SOURCE_PID:
    value = (__u32)current_task()->tgid;
    break;
  case TP_SOURCE_TID:
    value = (__u32)current_task()->pid;
    break;
  case TP_SOURCE_PPID:
    value = (__u32)current_task()->real_parent->tgid;
    break;
  case TP_SOURCE_UID:
    value = current_task()->cred->uid.val;
    break;
  case TP_SOURCE_GID:
    value = current_task()->cred->gid.val;
    break;
  case TP_SOURCE_COMM:
    copy_comm(s->header.comm, current_task());
    value = (__u64)s->header.comm;
    break;
  case TP_SOURCE_TASK:
    value = bpf_get_current_task();
    break;
  }
  for (__u32 k = 0; k < TP_MAX_STEPS; k++) {
    if (k >= v->steps)
      break;
    error |= read_memory(&s->word, 8, value + v->step[k], k >= v->user_from);
    value = s->word;
  }
  if (v->size) {
    s->word = 0;
    switch (v->size) {
    case 1:
      error |= read_memory(&s->word, 1, value + v->offset, v->steps >= v->user_from);
      break;
    case 2:
      error |= read_memory(&s->word, 2, value + v->offset, v->steps >= v->user_from);
      break;
    case 4:
      error |= read_memory(&s->word, 4, value + v->offset, v->steps >= v->user_from);
      break;
    default:
      error |= read_memory(&s->word, 8, value + v->offset, v->steps >= v->user_from);
    }
    value = s->word;
  } else {
    value += v->offset;
  }
  if (v->bits) {
    __u32 above = (64 - v->bits - v->shift) & 63, below = (64 - v->bits) & 63;
    value = v->is_signed ? (__u64)((__s64)(value << above) >> below) : value << above >> below;
  } else if (v->is_signed && v->size < 8 && v->size) {
    __u32 above = (64 - 8 * v->size) & 63;
    value = (__s64)(value << above) >> above;
  }
  if (v->swapped)
    value = __builtin_bswap64(value) >> ((64 - 8 * v->swapped) & 63);
  if (error) {
    fault(s, i);
    value = 0;
  }
  s->values[i] = value;
  return 0;
}

/* Likewise, without a call for the most frequent value: an argument as it is. */
static __always_inline void load_field(void *context, struct scratch *s, __u32 i) {
  const volatile struct tp_value *v = &CONFIG.fields[i].value;
  __u32 n = v->index;
  OPAQUE(n);
  if (n < TP_MAX_ARGS && v->source == TP_SOURCE_ARGUMENT && !v->steps && !v->size && !v->bits && !v->offset)
    s->values[i] = s->args[n];
  else
    load_value(context, s, i);
}

/* Compares the string of field i with a predicate's; 1 equal (so far as the predicate looks), 0 not. */
static __always_inline int same_string(struct scratch *s, __u32 i, const volatile struct tp_predicate *p) {
  long n = read_string(s->text, TP_PREDICATE_BYTES, s->values[i], CONFIG.fields[i].flags & TP_FIELD_USER);
  if (n < 0) {
    fault(s, i);
    return 0;
  }
  __u32 length = p->length;
  for (__u32 k = 0; k < TP_PREDICATE_BYTES; k += 8) {
    if (k >= length)
      break;
    __u64 difference = *(__u64 *)(s->text + k) ^ *(const volatile __u64 *)(p->string + k);
    if (k + 8 > length)
      difference &= (1ull << (8 * (length - k))) - 1; /* little-endian: the first bytes are the low ones */
    if (difference)
      return 0;
  }
  return 1;
}

/* Decides predicate number n; returns the next one's number, TP_ACCEPT or TP_REJECT. */
static __always_inline __u32 decide(struct scratch *s, __u32 n) {
  if (n >= TP_MAX_PREDICATES)
    return TP_REJECT;
  const volatile struct tp_predicate *p = &CONFIG.predicates[n];
  __u32 i = p->field;
  int yes = 0;
  if (i >= TP_MAX_FIELDS)
    return p->op == TP_OP_TRUE ? p->on_true : p->on_false;
  if (s->header.faults >> i & 1)
    return p->on_false;
  __u64 value = s->values[i], immediate = p->immediate;
  switch (p->op) {
  case TP_OP_EQUAL:
    yes = value == immediate;
    break;
  case TP_OP_NOT_EQUAL:
    yes = value != immediate;
    break;
  case TP_OP_LESS_SIGNED:
    yes = (__s64)value < (__s64)immediate;
    break;
  case TP_OP_LESS_UNSIGNED:
    yes = value < immediate;
    break;
  case TP_OP_GREATER_SIGNED:
    yes = (__s64)value > (__s64)immediate;
    break;
  case TP_OP_GREATER_UNSIGNED:
    yes = value > immediate;
    break;
  case TP_OP_LESS_EQUAL_SIGNED:
    yes = (__s64)value <= (__s64)immediate;
    break;
  case TP_OP_LESS_EQUAL_UNSIGNED:
    yes = value <= immediate;
    break;
  case TP_OP_GREATER_EQUAL_SIGNED:
    yes = (__s64)value >= (__s64)immediate;
    break;
  case TP_OP_GREATER_EQUAL_UNSIGNED:
    yes = value >= immediate;
    break;
  case TP_OP_HAS_BITS:
    yes = (value & immediate) == immediate;
    break;
  case TP_OP_STRING_EQUAL:
  case TP_OP_STRING_PREFIX:
    yes = same_string(s, i, p);
    break;
  case TP_OP_STRING_NOT_EQUAL:
    yes = !same_string(s, i, p) && !(s->header.faults >> i & 1);
    break;
  case TP_OP_TRUE:
    yes = 1;
    break;
  }
  return yes ? p->on_true : p->on_false;
}

/* Loads the fields that predicates need and runs the predicates: 1 keep, 0 reject. */
static __always_inline int filter(void *context, struct scratch *s) {
  if (!CONFIG.predicate_count)
    return 1;
  for (__u32 i = 0; i < TP_MAX_FIELDS; i++) {
    if (i >= CONFIG.field_count)
      break;
    if (CONFIG.fields[i].flags & TP_FIELD_EARLY)
      load_field(context, s, i);
  }
  __u32 next = 0;
  for (__u32 n = 0; n < TP_MAX_PREDICATES; n++) {
    if (n >= CONFIG.predicate_count || next >= TP_REJECT)
      break;
    if (n == next)
      next = decide(s, n);
  }
  return next == TP_ACCEPT;
}

/* The probe's budget: its events a second, its bytes in the ring. Returns the counter to count, or ATTEMPTED. */
static __noinline __u32 pass_gate(__u64 now) {
  __u32 index = CONFIG.gate;
  struct tp_gate *gate = bpf_map_lookup_elem(&gates, &index);
  if (!gate)
    return TP_LOST_SHARE;
  if (gate->in_flight > (__s64)CONFIG.share)
    return TP_LOST_SHARE;
  __u64 rate = CONFIG.rate;
  if (!rate)
    return TP_ATTEMPTED;
  __u64 last = gate->refilled_at, elapsed = now - last, added = 0, until = now;
  if ((__s64)elapsed > 0) {
    if (elapsed >= 1000000000ull) {
      added = rate;
    } else if (elapsed >= 1000000ull) {
      added = elapsed * rate / 1000000000ull;
      until = last + added * 1000000000ull / rate;
    }
  }
  if (added && __sync_val_compare_and_swap(&gate->refilled_at, last, until) == last) {
    __s64 had = __sync_fetch_and_add(&gate->tokens, added);
    __s64 over = had + (__s64)added - (__s64)rate; /* the bucket holds one second's worth */
    if (over > 0)
      __sync_fetch_and_add(&gate->tokens, -over);
  }
  if (__sync_fetch_and_add(&gate->tokens, -1) <= 0) {
    __sync_fetch_and_add(&gate->tokens, 1);
    return TP_LOST_RATE;
  }
  return TP_ATTEMPTED;
}

static __always_inline __u32 variable_room(void) {
  return CONFIG.flags & TP_CONFIG_LARGE ? TP_LARGE_VARIABLE : TP_SMALL_VARIABLE;
}

/*
 * Where the next variable value goes. Plans leave room for all of a record's values at their greatest; the clamp is
 * for the verifier (and no NULL, because 6.1 does not see that a second test of the same bound is the first one).
 */
static __always_inline __u8 *end_of_record(struct scratch *s) {
  __u32 position = s->position;
  OPAQUE(position);
  if (position > FIXED_BYTES + variable_room())
    position = FIXED_BYTES + variable_room();
  return (__u8 *)&s->header + position;
}

static __always_inline void append(struct scratch *s, __u32 word, __u32 length) {
  __u32 position = s->position;
  record_words(s)[word] = position | (__u64)length << 32;
  s->position = position + length;
}

static __always_inline __u32 greatest_value(void) {
  return CONFIG.flags & TP_CONFIG_LARGE ? TP_MAX_VALUE_BYTES : SMALL_VALUE;
}

static __noinline int append_string(struct scratch *s, __u32 i, __u32 word) {
  if (i >= TP_MAX_FIELDS || word >= TP_MAX_FIELDS)
    return 0;
  /* Two more than the text: with the NUL, and one to tell a text of max_bytes from a longer one. */
  __u32 size = CONFIG.fields[i].max_bytes + 2;
  __u8 *to = end_of_record(s);
  if (size > greatest_value() + 2)
    return 0;
  long n = read_string(to, size, s->values[i], CONFIG.fields[i].flags & TP_FIELD_USER);
  if (n < 0) {
    fault(s, i);
    return 0;
  }
  if (n == size) {
    s->header.truncated_fields++;
    n--;
  }
  append(s, word, n > 0 ? n - 1 : 0);
  return 0;
}

static __noinline int append_bytes(struct scratch *s, __u32 i, __u32 word) {
  if (i >= TP_MAX_FIELDS || word >= TP_MAX_FIELDS)
    return 0;
  __u32 most = CONFIG.fields[i].max_bytes, length = most;
  __u8 *to = end_of_record(s);
  if (CONFIG.fields[i].length_field < TP_MAX_FIELDS) {
    __s64 wanted = s->values[CONFIG.fields[i].length_field];
    if (s->header.faults >> CONFIG.fields[i].length_field & 1 || wanted < 0)
      wanted = 0;
    if (wanted > most)
      s->header.truncated_fields++;
    else
      length = wanted;
  }
  OPAQUE(length);
  if (length > greatest_value())
    return 0;
  if (length && read_memory(to, length, s->values[i], CONFIG.fields[i].flags & TP_FIELD_USER)) {
    fault(s, i);
    return 0;
  }
  append(s, word, length);
  return 0;
}

static __noinline int append_sockaddr(struct scratch *s, __u32 i, __u32 word) {
  if (i >= TP_MAX_FIELDS || word >= TP_MAX_FIELDS)
    return 0;
  int user = CONFIG.fields[i].flags & TP_FIELD_USER;
  __u64 from = s->values[i];
  __u8 *to = end_of_record(s);
  __u16 family = 0;
  long error = read_memory(&family, 2, from, user);
  __u32 length = 2;
  if (family == 2) { /* AF_INET */
    length = 16;
    error |= read_memory(to, 16, from, user);
  } else if (family == 10) { /* AF_INET6 */
    length = 28;
    error |= read_memory(to, 28, from, user);
  } else if (family == 1) { /* AF_UNIX: the path may end with the page */
    length = 110;
    __builtin_memset(to, 0, 112);
    *(__u16 *)to = family;
    if (read_string(to + 2, 108, from + 2, user) == 1)
      read_string(to + 3, 107, from + 3, user); /* an abstract name: behind a NUL */
  } else {
    *(__u16 *)to = family;
  }
  if (error) {
    fault(s, i);
    return 0;
  }
  append(s, word, length);
  return 0;
}

/* State of a bounded walk (bpf_loop): appends parts, each ended by a NUL. */
struct walk {
  struct scratch *s;
  struct dentry *dentry;
  struct mount *mount; /* NULL: stay in this file system */
  __u64 strings;       /* char ** in user memory */
  __u32 used, most;
  int user, truncated, error;
};

static __always_inline __s64 append_part(struct walk *w, const void *from) {
  struct scratch *s = w->s;
  __u32 size = w->most - w->used;
  if (w->used >= w->most) {
    w->truncated = 1;
    return -1;
  }
  OPAQUE(size);
  if (size > 4096)
    size = 4096;
  __u8 *to = end_of_record(s);
  long n = read_string(to, size, (__u64)from, w->user);
  if (n < 0) {
    w->error = 1;
    return -1;
  }
  if (n == size)
    w->truncated = 1;
  s->position += n;
  w->used += n;
  return n;
}

static long walk_strings(__u32 n, struct walk *w) {
  __u64 from = 0;
  if (bpf_probe_read_user(&from, 8, (void *)(w->strings + 8ull * n))) {
    w->error = 1;
    return 1;
  }
  if (!from)
    return 1;
  if (n == TP_MAX_ARGV) {
    w->truncated = 1;
    return 1;
  }
  return append_part(w, (void *)from) < 0;
}

static long walk_dentries(__u32 n, struct walk *w) {
  struct dentry *dentry = w->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
  struct mount *mount = w->mount;
  if (mount && dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
    struct mount *above = BPF_CORE_READ(mount, mnt_parent);
    if (above == mount)
      return 1;
    w->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
    w->mount = above;
    return 0;
  }
  if (dentry == parent || !parent)
    return 1;
  if (n == TP_MAX_PATH_PARTS) {
    w->truncated = 1;
    return 1;
  }
  if (append_part(w, BPF_CORE_READ(dentry, d_name.name)) < 0)
    return 1;
  w->dentry = parent;
  return 0;
}

static __noinline int append_walk(struct scratch *s, __u32 i, __u32 word) {
  if (i >= TP_MAX_FIELDS || word >= TP_MAX_FIELDS)
    return 0;
  struct walk w = { .s = s, .most = CONFIG.fields[i].max_bytes };
  __u32 start = s->position;
  if (!s->values[i]) {
    fault(s, i);
    return 0;
  }
  if (CONFIG.fields[i].kind == TP_KIND_STRV) {
    w.strings = s->values[i];
    w.user = 1;
    bpf_loop(TP_MAX_ARGV + 1, walk_strings, &w, 0);
  } else {
    if (CONFIG.fields[i].kind == TP_KIND_PATH) {
      struct path *path = (void *)s->values[i];
      struct vfsmount *mnt = BPF_CORE_READ(path, mnt);
      w.dentry = BPF_CORE_READ(path, dentry);
      w.mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
    } else {
      w.dentry = (void *)s->values[i];
    }
    bpf_loop(TP_MAX_PATH_PARTS + 1, walk_dentries, &w, 0);
  }
  if (w.error && !w.used) {
    fault(s, i);
    return 0;
  }
  if (w.truncated)
    s->header.truncated_fields++;
  record_words(s)[word] = start | (__u64)w.used << 32;
  return 0;
}

/* include/linux/preempt.h: of softirqs the count goes up by two when they are only disabled. */
#define SOFTIRQ_SERVED 0x100
#define HARDIRQ_OR_NMI 0xff0000
/*
 * In an interrupt the current task is a bystander. preempt_count tells: on arm64 it is in the task, on x86-64 a per-CPU
 * variable. The kernel finds those for us only with CONFIG_KALLSYMS_ALL, so we go from one whose address the task
 * knows, this CPU's runqueue, to the other: their distance is in the BTF (preemptCount.ts).
 * Where that fails: interrupts run on stacks of their own (x86-64, arm64), so whoever is not on the current task's
 * stack is in one.
 */
#define THREAD_SIZE 16384
static __always_inline __u16 interrupt_context(struct scratch *s) {
  struct task_struct *task = (void *)bpf_get_current_task();
  if (CONFIG.preempt_base != TP_PREEMPT_UNKNOWN) {
    __u64 base = (__u64)task;
    if (CONFIG.preempt_base == TP_PREEMPT_RUNQUEUE) {
      *(volatile __u64 *)&s->word = (__u64)current_task()->se.cfs_rq->rq; /* through memory: a number from here on */
      base = *(volatile __u64 *)&s->word;
    }
    s->word = 0;
    if (bpf_probe_read_kernel(&s->word, 4, (void *)(base + CONFIG.preempt_offset)))
      return TP_CONTEXT_INTERRUPT;
    __u32 count = s->word;
    return count & HARDIRQ_OR_NMI ? TP_CONTEXT_HARDIRQ : count & SOFTIRQ_SERVED ? TP_CONTEXT_SOFTIRQ : TP_CONTEXT_TASK;
  }
  __u64 frame;
  asm volatile("%0 = r10" : "=r"(frame));
  *(volatile __u64 *)&s->word = frame; /* through memory: to the verifier it is a number from here on */
  return *(volatile __u64 *)&s->word - (__u64)BPF_CORE_READ(task, stack) < THREAD_SIZE ? TP_CONTEXT_TASK : TP_CONTEXT_INTERRUPT;
}

static __always_inline void write_header(struct scratch *s) {
  struct tp_record *h = &s->header;
  struct task_struct *task = current_task();
  h->slot = CONFIG.slot;
  h->schema = CONFIG.schema;
  h->time = s->now;
  h->pid = task->tgid;
  h->tid = task->pid;
  h->ppid = task->real_parent->tgid;
  h->uid = task->cred->uid.val;
  h->gid = task->cred->gid.val;
  h->context = CONFIG.flags & TP_CONFIG_INTERRUPTS ? interrupt_context(s) : TP_CONTEXT_TASK;
  h->cgroup = cgroup_of(task);
  copy_comm(h->comm, task);
}

/* Fills the header, then the words and the variable part. */
static __always_inline void write_record(void *context, struct scratch *s) {
  write_header(s);
  __u32 words = 0;
  for (__u32 i = 0; i < TP_MAX_FIELDS; i++) {
    if (i >= CONFIG.field_count)
      break;
    if (CONFIG.fields[i].kind != TP_KIND_NONE)
      words++;
  }
  s->position = sizeof(s->header) + 8 * words;
  __u32 word = 0;
  for (__u32 i = 0; i < TP_MAX_FIELDS; i++) {
    if (i >= CONFIG.field_count)
      break;
    __u8 kind = CONFIG.fields[i].kind;
    if (!(CONFIG.predicate_count && CONFIG.fields[i].flags & TP_FIELD_EARLY) && kind != TP_KIND_NONE)
      load_field(context, s, i);
    if (kind == TP_KIND_NONE)
      continue;
    if (word >= TP_MAX_FIELDS)
      break;
    record_words(s)[word] = kind == TP_KIND_INTEGER ? s->values[i] : 0;
    if (kind != TP_KIND_INTEGER && !(s->header.faults >> i & 1)) {
      if (kind == TP_KIND_STRING)
        append_string(s, i, word);
      else if (kind == TP_KIND_BYTES)
        append_bytes(s, i, word);
      else if (kind == TP_KIND_SOCKADDR)
        append_sockaddr(s, i, word);
      else
        append_walk(s, i, word);
    }
    word++;
  }
}

/* Sends the record, counts what becomes of it and releases the scratch. */
static __always_inline void submit(struct scratch *s, struct tp_counters *c) {
  __u32 size = s->position, most = FIXED_BYTES + variable_room() + greatest_value();
  OPAQUE(size);
  if (size > most)
    size = most;
  if (bpf_ringbuf_output(&events, &s->header, size, 0) == 0) {
    __u32 index = CONFIG.gate;
    struct tp_gate *gate = bpf_map_lookup_elem(&gates, &index);
    if (gate)
      __sync_fetch_and_add(&gate->in_flight, size);
    count(c, TP_CAPTURED);
  } else {
    count(c, TP_LOST_RING);
  }
  release_scratch(s);
}

/* Filters, passes the gate, writes and submits. The attempt has been counted. */
static __always_inline int capture(void *context, struct scratch *s, struct tp_counters *c) {
  __u32 refused = TP_FILTERED;
  if (filter(context, s)) {
    if (!s->now)
      s->now = bpf_ktime_get_boot_ns();
    refused = pass_gate(s->now);
    if (refused == TP_ATTEMPTED) {
      write_record(context, s);
      submit(s, c);
      return 0;
    }
  }
  count(c, refused);
  release_scratch(s);
  return 0;
}

/* One run of a program: where it counts and where it puts its record together. */
struct attempt {
  struct tp_counters *c;
  struct scratch *s;
};

/* Counts the attempt, decides the scope, claims scratch. 0: nothing more to do, and counted why. */
static __always_inline int begin(struct attempt *a) {
  a->c = own_counters();
  if (!a->c)
    return 0;
  count(a->c, TP_ATTEMPTED);
  if (!in_scope()) {
    count(a->c, TP_FILTERED);
    return 0;
  }
  a->s = claim_scratch();
  if (!a->s) {
    count(a->c, TP_LOST_NESTING);
    return 0;
  }
  a->s->now = 0;
  return 1;
}

#endif
