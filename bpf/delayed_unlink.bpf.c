// SPDX-License-Identifier: GPL-2.0
/*
 * Delayed unlink: files that match a rule are marked when they are created, known from then on by device, inode and
 * generation and not by name, and an unlink of a marked file is answered with -ENOENT while the file stays ("held").
 *
 * Everything that goes wrong ends in the deletion that was asked for, and is counted. Nothing that is not marked is
 * touched: an unlink on a device without rules costs a look at a bit set, on one with rules one hash look-up.
 *
 * One way to attach: the lsm programs where bpf is among the active LSMs, else fentry and fmod_ret on the functions
 * that call the LSMs. The kernel has then checked permissions already, except for what other LSMs say: fmod_ret comes
 * before them. Rename is only watched, always by fentry.
 */
#include "kernel.h"
#include "delayed_unlink.h"

char LICENSE[] SEC("license") = "GPL";

#define ENOENT 2
#define EEXIST 17

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct du_control);
} control SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, DU_MAX_SLOTS);
  __type(key, __u32);
  __type(value, struct du_slot);
} slots SEC(".maps");

/*
 * An array of one map with one value, so that an update replaces all rules at once; it waits for running programs.
 * Sizes and no types: to 6.1 a map that has types is none of the same shape as one that BpfMap.create makes.
 */
struct table {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(struct du_table));
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 1);
  __type(key, __u32);
  __array(values, struct table);
} rules SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1 << 15);
  __type(key, struct du_file);
  __type(value, struct du_mark);
} marks SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 10000);
  __type(key, struct du_file);
  __type(value, struct du_record);
} held SEC(".maps");

/* What a new entry of `held` begins as: too large for the stack, and a scratch buffer would be fought over. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct du_record);
} blank SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, struct du_thread);
  __type(value, struct du_request);
} requests SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 21);
} events SEC(".maps");

/* Threads within unlink() or unlinkat() that are to be told that they have succeeded. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4096);
  __type(key, __u64);
  __type(value, __u32);
} told SEC(".maps");

/* The paths of roots as the agent opened them; no program looks: for an agent that finds held files of older rules. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 4 * DU_MAX_RULES);
  __type(key, struct du_file);
  __type(value, char[DU_PATH_BYTES]);
} roots SEC(".maps");

static __always_inline struct du_control *own_control(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&control, &zero);
}

static __always_inline struct du_slot *slot_of(__u32 slot) {
  return bpf_map_lookup_elem(&slots, &slot);
}

static __always_inline struct du_table *own_table(void) {
  __u32 zero = 0;
  void *inner = bpf_map_lookup_elem(&rules, &zero);
  return inner ? bpf_map_lookup_elem(inner, &zero) : 0;
}

static __always_inline void count(struct du_slot *s, enum du_counter counter) {
  __sync_fetch_and_add(&s->count[counter % DU_COUNTERS], 1);
}

static __always_inline void file_of(struct du_file *file, struct inode *inode) {
  file->inode = inode->i_ino;
  file->device = inode->i_sb->s_dev;
  file->generation = inode->i_generation;
}

/* Likewise of an inode whose address is a number to the verifier. */
static __always_inline void read_file_of(struct du_file *file, struct inode *inode) {
  file->inode = BPF_CORE_READ(inode, i_ino);
  file->device = BPF_CORE_READ(inode, i_sb, s_dev);
  file->generation = BPF_CORE_READ(inode, i_generation);
}

static __always_inline int same(const struct du_file *a, const struct du_file *b) {
  return a->inode == b->inode && a->device == b->device && a->generation == b->generation;
}

static __always_inline int is_regular(struct inode *inode) {
  return (inode->i_mode & S_IFMT) == S_IFREG;
}

/* Has any root's device the same bit? Minor numbers differ in their low bits, majors too. */
static __always_inline int is_watched(const struct du_table *t, __u32 device) {
  return t->devices >> ((device ^ device >> 20) & 63) & 1;
}

/* Matching */

struct name {
  const struct du_table *table;
  const unsigned char *text;
  __u64 tail; /* its last 8 bytes; whatever lies before a shorter one */
  __u32 bytes;
  __u32 matched; /* set of rules */
};

static __always_inline int same_text(const unsigned char *text, const char *pattern, __u32 bytes) {
  for (__u32 k = 0; k < DU_GLOB_BYTES; k += 8) {
    if (k >= bytes)
      break;
    __u64 word = 0;
    bpf_probe_read_kernel(&word, 8, text + k); /* may reach behind the name: no fault, and masked */
    word ^= *(const __u64 *)(pattern + k);
    if (k + 8 > bytes)
      word &= (1ull << (8 * (bytes - k))) - 1; /* little-endian: the first bytes are the low ones */
    if (word)
      return 0;
  }
  return 1;
}

static long match_name(__u32 n, struct name *name) {
  n %= DU_MAX_RULES; /* for the verifier */
  const struct du_rule *rule = &name->table->rules[n];
  __u32 bytes = rule->prefix_bytes + rule->suffix_bytes;
  if ((name->tail ^ rule->tail) & rule->tail_mask)
    return 0;
  if (name->bytes < bytes || (rule->exact && name->bytes != bytes))
    return 0;
  if (same_text(name->text, rule->prefix, rule->prefix_bytes) &&
      same_text(name->text + name->bytes - rule->suffix_bytes, rule->suffix, rule->suffix_bytes))
    name->matched |= 1u << n;
  return 0;
}

/* The set of rules that want a file of this name, wherever it lies. */
static __noinline __u32 rules_by_name(const struct du_table *t, struct dentry *dentry) {
  struct name name = { .table = t, .text = dentry->d_name.name, .bytes = dentry->d_name.len };
  /* Before the name lies the rest of the dentry or of the name's own header. */
  bpf_probe_read_kernel(&name.tail, 8, name.text + name.bytes - 8);
  bpf_loop(t->rule_count, match_name, &name, 0);
  return name.matched;
}

/* Where a file lies: what the walk up from it found. */
struct place {
  __u32 rules; /* set; 0: beneath no root of those asked for */
  __u32 depth; /* directories between the root and the file */
  struct du_file root;
};

struct walk {
  const struct du_table *table;
  struct dentry *dentry; /* whose parent is looked at next */
  struct place *place;
  __u32 wanted;
  __u32 exactly;
  struct du_file directory;
  __u32 found; /* rules of the directory */
};

static long match_root(__u32 n, struct walk *w) {
  const struct du_root *root = &w->table->roots[n % DU_MAX_RULES];
  if (!same(&root->directory, &w->directory))
    return 0;
  w->found = root->rules & w->wanted;
  return 1;
}

static long look_above(__u32 depth, struct walk *w) {
  struct dentry *dentry = w->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
  if (parent == dentry)
    return 1;
  w->dentry = parent;
  struct inode *directory = BPF_CORE_READ(parent, d_inode);
  if (!(w->table->root_inodes >> (BPF_CORE_READ(directory, i_ino) & 63) & 1))
    return 0;
  read_file_of(&w->directory, directory);
  w->found = 0;
  bpf_loop(w->table->root_count, match_root, w, 0);
  if (w->exactly)
    w->found &= w->table->at_depth[depth % DU_DEPTHS];
  if (!w->found)
    return 0;
  w->place->rules = w->found;
  w->place->depth = depth;
  w->place->root = w->directory;
  return 1;
}

/* Walks up to the nearest root that has one of `wanted` rules; `exactly`: one that wants a file of that depth. */
static __noinline int find_root(const struct du_table *t, struct dentry *dentry, __u32 wanted, int exactly,
                                struct place *place) {
  struct walk w = { .table = t, .dentry = dentry, .place = place, .wanted = wanted, .exactly = exactly };
  place->rules = 0;
  bpf_loop(DU_MAX_DEPTH + 1, look_above, &w, 0);
  return place->rules != 0;
}

/* Records */

struct names {
  struct du_record *record;
  struct dentry *dentry;
  __u32 used;
  __u32 error;
};

/* What deeper names may fill is half of the room, so that one more always fits. */
static long append_name(__u32 n, struct names *names) {
  struct dentry *dentry = names->dentry;
  __u32 used = names->used;
  names->error = 1;
  if (used >= DU_PATH_BYTES / 2)
    return 1;
  long bytes = bpf_probe_read_kernel_str(names->record->path + used, DU_PATH_BYTES / 2,
                                         BPF_CORE_READ(dentry, d_name.name));
  if (bytes <= 0)
    return 1;
  names->used = used + bytes;
  names->dentry = BPF_CORE_READ(dentry, d_parent);
  names->error = 0;
  return 0;
}

/* 0: too long. */
static __always_inline int write_path(struct du_record *r, struct dentry *dentry, __u32 depth) {
  struct names names = { .record = r, .dentry = dentry };
  bpf_loop(depth + 1, append_name, &names, 0);
  r->path_bytes = names.error ? 0 : names.used;
  return !names.error;
}

static __always_inline __u64 disk_bytes(struct inode *inode) {
  __u64 size = inode->i_size, allocated = inode->i_blocks * 512;
  return size > allocated ? size : allocated; /* blocks are not allocated before data is written back */
}

static __always_inline void describe(struct du_record *r, __u32 type, __u32 slot, struct inode *inode,
                                     struct dentry *dentry) {
  r->type = type;
  r->slot = slot;
  file_of(&r->file, inode);
  read_file_of(&r->parent, BPF_CORE_READ(dentry, d_parent, d_inode));
  r->time = bpf_ktime_get_ns();
  r->size = inode->i_size;
  r->bytes = disk_bytes(inode);
  r->cgroup = bpf_get_current_cgroup_id();
  r->pid = bpf_get_current_pid_tgid() >> 32;
  r->uid = bpf_get_current_uid_gid();
  bpf_get_current_comm(r->comm, sizeof(r->comm));
  r->path_bytes = 0;
}

/* Counts and tells what happened to a file, with its path where the place is known. */
static __noinline int tell(struct du_slot *s, enum du_counter type, __u32 slot, struct dentry *dentry,
                           struct place *place) {
  struct inode *inode = dentry->d_inode;
  if (!inode)
    return 0; /* for the verifier from 7.x on, here and below: names of files that are there have an inode */
  count(s, type);
  struct du_record *r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
  if (!r) {
    count(s, DU_LOST_EVENTS);
    return 0;
  }
  describe(r, type, slot, inode, dentry);
  __builtin_memset(&r->root, 0, sizeof(r->root));
  if (place->rules) {
    r->root = place->root;
    write_path(r, dentry, place->depth);
  }
  r->complete = 1;
  bpf_ringbuf_submit(r, 0);
  return 0;
}

/* Marks */

/* The rules of a mark that is in force. */
static __always_inline __u32 rules_of_mark(const struct du_table *t, const struct du_slot *s,
                                           const struct du_mark *mark) {
  return s->epoch == mark->epoch ? t->of_slot[mark->slot % DU_MAX_SLOTS] : 0;
}

/* 0: no room. A mark that an older file with the same key left behind is replaced. */
static __always_inline int mark_file(const struct du_file *file, __u32 slot, __u32 epoch, int *is_new) {
  struct du_mark mark = { .slot = slot, .epoch = epoch, .time = bpf_ktime_get_ns() };
  int error = bpf_map_update_elem(&marks, file, &mark, BPF_NOEXIST); /* until 6.3 the upper half is 0 */
  *is_new = 1;
  if (error == -EEXIST) {
    struct du_mark *old = bpf_map_lookup_elem(&marks, file);
    *is_new = !old || old->slot != slot || old->epoch != epoch;
    error = bpf_map_update_elem(&marks, file, &mark, BPF_ANY);
  }
  return !error;
}

static long has_bit(__u32 n, __u32 *set) {
  return *set >> n & 1;
}

static __noinline int created(struct inode *inode, struct dentry *dentry) {
  struct du_table *t = own_table();
  if (!t || !is_watched(t, inode->i_sb->s_dev) || !is_regular(inode))
    return 0;
  __u32 named = rules_by_name(t, dentry);
  struct place place = {};
  if (!named || !find_root(t, dentry, named, 1, &place))
    return 0;
  __u32 n = (bpf_loop(DU_MAX_RULES, has_bit, &place.rules, 0) - 1) & (DU_MAX_RULES - 1); /* the first of them */
  __u32 slot = t->rules[n].slot, epoch = t->rules[n].epoch;
  struct du_slot *s = slot_of(slot);
  if (!s)
    return 0;
  struct du_file file = {};
  file_of(&file, inode);
  int is_new = 0;
  if (!mark_file(&file, slot, epoch, &is_new)) {
    tell(s, DU_NOT_MARKED, slot, dentry, &place);
    return 0;
  }
  if (!inode->i_nlink) /* someone unlinked it between its creation and now, before it had a byte */
    bpf_map_delete_elem(&marks, &file);
  else if (is_new)
    tell(s, DU_MARKED, slot, dentry, &place);
  return 0;
}

/* Holds */

static __always_inline struct du_record *held_file(const struct du_file *file) {
  struct du_record *r = bpf_map_lookup_elem(&held, file);
  return r && r->complete ? r : 0; /* one that is not complete is just being decided on */
}

static __always_inline void give_back(struct du_slot *s, __u64 bytes) {
  __sync_fetch_and_add(&s->files, -1);
  __sync_fetch_and_add(&s->bytes, -bytes);
}

/* Of those who end a hold at once only one succeeds, and it counts. */
static __noinline int end_hold(const struct du_file *file, __u32 counter) {
  struct du_record *r = held_file(file);
  struct du_control *c = own_control();
  if (!r || !c)
    return 0;
  __u64 bytes = r->bytes;
  struct du_slot *s = slot_of(r->slot);
  if (bpf_map_delete_elem(&held, file))
    return 0;
  __sync_fetch_and_add(&c->held, -1);
  if (!s)
    return 0;
  give_back(s, bytes);
  if (counter < DU_COUNTERS)
    count(s, counter);
  return 1;
}
#define UNCOUNTED DU_COUNTERS

/* DU_HELD, DU_WOULD_HOLD, or why not. */
static __noinline int hold(struct du_slot *s, __u32 slot, struct dentry *dentry, struct place *place) {
  struct du_control *c = own_control();
  struct inode *inode = dentry->d_inode;
  __u32 zero = 0;
  struct du_record *empty = bpf_map_lookup_elem(&blank, &zero);
  if (!c || !inode || !empty)
    return DU_NO_ROOM;
  __u64 bytes = disk_bytes(inode);
  if (s->disk_low)
    return DU_DISK_LOW;
  __u64 files = __sync_fetch_and_add(&s->files, 1);
  __u64 before = __sync_fetch_and_add(&s->bytes, bytes);
  int why = files >= s->max_files ? DU_LIMIT_FILES : before + bytes > s->max_bytes ? DU_LIMIT_BYTES : DU_HELD;
  if (why == DU_HELD && s->mode == DU_OBSERVE)
    why = DU_WOULD_HOLD;
  if (why != DU_HELD) {
    give_back(s, bytes);
    return why;
  }
  struct du_file file = {};
  file_of(&file, inode);
  struct du_record *r = 0;
  if (!bpf_map_update_elem(&held, &file, empty, BPF_NOEXIST))
    r = bpf_map_lookup_elem(&held, &file);
  if (!r) {
    give_back(s, bytes);
    return DU_NO_ROOM;
  }
  describe(r, DU_HELD, slot, inode, dentry);
  r->bytes = bytes;
  r->root = place->root;
  if (!write_path(r, dentry, place->depth)) {
    bpf_map_delete_elem(&held, &file);
    give_back(s, bytes);
    return DU_PATH_TOO_LONG;
  }
  __sync_fetch_and_add(&c->held, 1);
  r->complete = 1;
  count(s, DU_HELD);
  if (bpf_ringbuf_output(&events, r, sizeof(*r), 0))
    count(s, DU_LOST_EVENTS);
  return DU_HELD;
}

/* arch/x86/entry/syscalls/syscall_64.tbl and, of arm64, include/uapi/asm-generic/unistd.h */
#if defined(__TARGET_ARCH_x86)
#define IS_UNLINK(n) ((n) == 87 || (n) == 263)
#else
#define IS_UNLINK(n) ((n) == 35)
#endif

/* What the caller is told of a file that stays. Who came by another way (io_uring, 32 bits) is told ENOENT. */
static __always_inline int answer_for(const struct du_slot *s) {
  struct pt_regs *registers = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
  if (s->mode == DU_OVERRIDE && IS_UNLINK(REG_SYSCALL_NUMBER(registers))) {
    __u64 thread = bpf_get_current_pid_tgid();
    __u32 one = 1;
    bpf_map_update_elem(&told, &thread, &one, BPF_ANY);
  }
  return -ENOENT;
}

/* A marked file: held, or let go with a reason. The caller has locked the file and its directory. */
static __noinline int unlink_marked(struct du_control *c, struct du_table *t, struct du_file *file,
                                    struct dentry *dentry) {
  struct du_mark *found = bpf_map_lookup_elem(&marks, file);
  struct inode *inode = dentry->d_inode;
  if (!found || !inode)
    return 0;
  struct du_mark mark = *found;
  struct du_slot *s = slot_of(mark.slot);
  if (!s)
    return 0;
  struct place place = {};
  __u32 links = inode->i_nlink, in_force = rules_of_mark(t, s, &mark);
  int why;
  if (!in_force || s->mode == DU_OFF)
    why = DU_RULE_GONE;
  else if (!find_root(t, dentry, in_force, 0, &place))
    why = DU_MOVED_AWAY;
  else if ((__s64)(bpf_ktime_get_ns() - c->beat) > (__s64)c->grace) /* it may beat just now */
    why = DU_AGENT_DEAD;
  else if (links > 1)
    why = DU_LINKED;
  else if (held_file(file))
    why = DU_HELD_AGAIN;
  else
    why = hold(s, mark.slot, dentry, &place);
  if (why == DU_HELD_AGAIN)
    count(s, DU_HELD_AGAIN);
  if (why == DU_HELD || why == DU_HELD_AGAIN)
    return answer_for(s);
  if (links == 1) {
    end_hold(file, UNCOUNTED);
    bpf_map_delete_elem(&marks, file);
  }
  tell(s, why, mark.slot, dentry, &place);
  return 0;
}

/* Requests of the agent */

static __always_inline struct du_request *own_request(void) {
  struct du_thread thread = {};
  struct task_struct *task = (void *)bpf_get_current_task();
  struct pid *pid = BPF_CORE_READ(task, thread_pid);
  struct upid *number = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
                        (__u64)BPF_CORE_READ(pid, level) * bpf_core_type_size(struct upid);
  thread.tid = BPF_CORE_READ(number, nr);
  thread.pid_namespace = BPF_CORE_READ(number, ns, ns.inum);
  return bpf_map_lookup_elem(&requests, &thread);
}

/* A file that the agent opened so that we see it. */
static __noinline int answer_open(struct inode *inode, struct dentry *dentry) {
  struct du_request *request = own_request();
  if (!request || request->answer != DU_UNANSWERED || request->wish == DU_REMOVE)
    return 0;
  if (request->wish == DU_END_HOLD) {
    struct du_file file = request->file;
    request->answer = end_hold(&file, DU_LET_GO) ? DU_DONE : DU_NOT_IT;
    return 0;
  }
  file_of(&request->file, inode);
  if (request->wish == DU_IDENTIFY) {
    request->answer = DU_DONE;
    return 0;
  }
  __u32 slot = request->slot;
  struct du_file file = request->file;
  struct du_table *t = own_table();
  struct du_slot *s = slot_of(slot);
  int is_new = 0;
  if (!t || !s || !is_regular(inode) || !inode->i_nlink)
    request->answer = DU_NOT_IT;
  else if (!mark_file(&file, slot, request->epoch, &is_new))
    request->answer = DU_FULL;
  else if (request->wish == DU_ADOPT && !held_file(&file)) {
    struct place place = {};
    int is_held = find_root(t, dentry, t->of_slot[slot % DU_MAX_SLOTS], 0, &place) &&
                  hold(s, slot, dentry, &place) == DU_HELD;
    request->answer = is_held ? DU_DONE : DU_FULL;
  } else
    request->answer = DU_DONE;
  return 0;
}

/* The agent's own deletion of a held file: that file at that place, or nothing. */
static __noinline int remove_held(struct du_request *request, struct inode *directory, struct inode *inode) {
  struct du_file file = {}, parent = {};
  file_of(&file, inode);
  file_of(&parent, directory);
  if (!same(&request->file, &file))
    goto refuse;
  if (request->answer == DU_DONE)
    return 0; /* another agent's program, about to be detached, was asked first */
  struct du_record *r = held_file(&file);
  if (!r || !same(&r->parent, &parent) || inode->i_nlink != 1)
    goto refuse;
  end_hold(&file, DU_REMOVED);
  bpf_map_delete_elem(&marks, &file);
  request->answer = DU_DONE;
  return 0;
refuse:
  request->answer = DU_NOT_IT;
  return -ENOENT; /* the answer says which: ESTALE is an error that Node has no name for */
}

/* What ends a hold, or a mark, beside unlink. The file is as unread as before: its mark stays while it does. */

static __noinline int end_hold_of(struct dentry *dentry, enum du_counter why) {
  struct inode *inode = dentry->d_inode;
  struct du_file file = {};
  if (!inode)
    return 0;
  file_of(&file, inode);
  struct du_record *r = held_file(&file);
  if (!r)
    return 0;
  struct place place = {};
  __u32 slot = r->slot;
  struct du_slot *s = slot_of(slot);
  struct du_table *t = own_table();
  if (!end_hold(&file, UNCOUNTED) || !s || !t)
    return 0;
  find_root(t, dentry, t->of_slot[slot % DU_MAX_SLOTS], 0, &place);
  tell(s, why, slot, dentry, &place);
  return 0;
}

static __noinline int overwritten(struct dentry *dentry) {
  struct inode *inode = dentry->d_inode;
  struct du_file file = {};
  if (!inode)
    return 0;
  file_of(&file, inode);
  struct du_mark *mark = bpf_map_lookup_elem(&marks, &file);
  struct du_table *t = own_table();
  if (!mark || !t)
    return 0;
  __u32 slot = mark->slot;
  struct du_slot *s = slot_of(slot);
  struct place place = {};
  if (!s)
    return 0;
  find_root(t, dentry, rules_of_mark(t, s, mark), 0, &place);
  if (inode->i_nlink == 1) {
    end_hold(&file, UNCOUNTED);
    bpf_map_delete_elem(&marks, &file);
  }
  tell(s, DU_OVERWRITTEN, slot, dentry, &place);
  return 0;
}

/* Hooks */

static __always_inline int on_open(struct file *file) {
  struct du_control *c = own_control();
  if (!c)
    return 0;
  __u32 mode = file->f_mode;
  if (c->requests)
    answer_open(file->f_inode, file->f_path.dentry);
  if (mode & FMODE_CREATED)
    created(file->f_inode, file->f_path.dentry);
  else if (mode & FMODE_WRITE && c->held)
    end_hold_of(file->f_path.dentry, DU_REOPENED);
  return 0;
}

static __always_inline int on_unlink(struct inode *directory, struct dentry *dentry) {
  struct du_control *c = own_control();
  struct inode *inode = dentry->d_inode;
  if (!c || !inode)
    return 0;
  if (c->requests) {
    struct du_request *request = own_request();
    if (request && request->wish == DU_REMOVE)
      return remove_held(request, directory, inode);
  }
  struct du_table *t = own_table();
  if (!t || !is_watched(t, inode->i_sb->s_dev))
    return 0;
  struct du_file file = {};
  file_of(&file, inode);
  return bpf_map_lookup_elem(&marks, &file) ? unlink_marked(c, t, &file, dentry) : 0;
}

SEC("lsm/file_open")
int open_lsm(__u64 *context) {
  return on_open((void *)context[0]);
}

SEC("fentry/security_file_open")
int open_fentry(__u64 *context) {
  return on_open((void *)context[0]);
}

SEC("lsm/inode_unlink")
int unlink_lsm(__u64 *context) {
  return on_unlink((void *)context[0], (void *)context[1]);
}

SEC("fmod_ret/security_inode_unlink")
int unlink_fmod_ret(__u64 *context) {
  return on_unlink((void *)context[0], (void *)context[1]);
}

#define RENAME_EXCHANGE 2 /* include/uapi/linux/fs.h */

SEC("fentry/security_inode_rename")
int rename(__u64 *context) {
  struct dentry *from = (void *)context[1], *to = (void *)context[3];
  struct du_control *c = own_control();
  struct du_table *t = own_table();
  struct inode *inode = from->d_inode;
  if (!c || !t || !inode || !is_watched(t, inode->i_sb->s_dev))
    return 0;
  if (c->held)
    end_hold_of(from, DU_RENAMED);
  if (!to->d_inode)
    return 0;
  if (!((__u32)context[4] & RENAME_EXCHANGE))
    overwritten(to);
  else if (c->held)
    end_hold_of(to, DU_RENAMED);
  return 0;
}

/*
 * At the return of unlink() and unlinkat(), not at their entry: the kernel has resolved the path, checked permissions
 * and asked unlink_…() by then, so that nothing is decided here but what the caller is told. The kernel lets programs
 * override where a function may be made to fail, and takes the return value from the registers of a return probe, too.
 */
SEC("kretprobe")
int answer(struct pt_regs *registers) {
  __u64 thread = bpf_get_current_pid_tgid();
  if ((long)REG_RETURN(registers) == -ENOENT && !bpf_map_delete_elem(&told, &thread))
    bpf_override_return(registers, 0);
  return 0;
}
