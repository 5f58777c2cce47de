/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * What bpf/delayed_unlink.bpf.c keeps in its maps and sends to its ring. User space reads sizes and offsets of these
 * structs from the object's BTF (src/agent/delayedUnlink/kernelStruct.ts) and has no copy of them. Maps are pinned and
 * outlive the agent: whoever changes a struct or the meaning of a value counts DU_LAYOUT up.
 */
#ifndef TRACEPROBE_DELAYED_UNLINK_H
#define TRACEPROBE_DELAYED_UNLINK_H

#define DU_LAYOUT 1
#define DU_MAX_RULES 32   /* bits of a set of rules */
#define DU_MAX_SLOTS 32   /* probes */
#define DU_MAX_DEPTH 24   /* directories between a root and a file */
#define DU_DEPTHS 32      /* more than DU_MAX_DEPTH, and a power of two for the verifier */
#define DU_GLOB_BYTES 64  /* of the text before and after the * */
#define DU_PROBE_BYTES 64 /* of a probe's UID, the NUL included */
#define DU_PATH_BYTES 512 /* of a path beneath its root; what is beneath the first directory may have half of it */

/* A file as the kernel knows it, which on btrfs and overlayfs is not as stat() tells it. */
struct du_file {
  __u64 inode;
  __u32 device;     /* s_dev: major << 20 | minor */
  __u32 generation; /* tells files apart that had one inode number after another */
};

/* A file name: prefix, anything, suffix; without the anything when it is exact. */
struct du_rule {
  char prefix[DU_GLOB_BYTES];
  char suffix[DU_GLOB_BYTES];
  __u64 tail;      /* the suffix's last 8 bytes, at the top */
  __u64 tail_mask; /* which bytes of it there are */
  __u32 prefix_bytes;
  __u32 suffix_bytes;
  __u32 exact;
  __u32 slot;
  __u32 epoch; /* of the slot */
  __u32 pad;
};

struct du_root {
  struct du_file directory;
  __u32 rules; /* set of those beneath it */
  __u32 pad;
};

/* All rules: one value, replaced as a whole, which no program sees half of. */
struct du_table {
  __u64 devices;     /* bit device_bit() for each device that has a root */
  __u64 root_inodes; /* bit inode % 64 for each root */
  __u32 rule_count;
  __u32 root_count;
  __u32 at_depth[DU_DEPTHS];        /* set of rules that want a file so many directories beneath its root */
  __u32 of_slot[DU_MAX_SLOTS];      /* set of a slot's rules */
  __u32 pad;
  struct du_rule rules[DU_MAX_RULES];
  struct du_root roots[DU_MAX_RULES];
};

/* An unread file of a probe: the one in `slot` while that has `epoch`. */
struct du_mark {
  __u32 slot;
  __u32 epoch;
  __u64 time; /* CLOCK_MONOTONIC ns */
};

enum du_mode {
  DU_OFF, /* nothing is held any more; what is held stays until it is removed or let go */
  DU_OBSERVE,
  DU_HOLD,
  DU_OVERRIDE, /* as DU_HOLD, and the caller is told that it has succeeded */
};

enum du_counter {
  DU_MARKED,
  DU_NOT_MARKED,    /* the table of marks was full */
  DU_HELD,
  DU_HELD_AGAIN,    /* an unlink of a held file */
  DU_WOULD_HOLD,
  DU_REMOVED,       /* by the agent, at last */
  DU_REFUSED,       /* the agent's unlink met another file at that place */
  DU_LET_GO,        /* by the agent: the file stays */
  DU_REOPENED,      /* a held file, for writing: the hold has ended */
  DU_RENAMED,       /* likewise, by a new name */
  DU_OVERWRITTEN,   /* another file was renamed over a marked one */
  DU_LOST_EVENTS,   /* the ring was full */
  /* Deletions of marked files that went through: */
  DU_AGENT_DEAD,    /* its heartbeat is too old */
  DU_LIMIT_FILES,
  DU_LIMIT_BYTES,
  DU_DISK_LOW,
  DU_NO_ROOM,       /* the table of held files was full */
  DU_PATH_TOO_LONG,
  DU_LINKED,        /* the file has another name */
  DU_MOVED_AWAY,    /* it is no longer beneath a root of its probe */
  DU_RULE_GONE,     /* its probe is no longer there */
  DU_COUNTERS = 32 /* a power of two, for the verifier */
};

/* One probe. The agent writes the first part, programs the second. */
struct du_slot {
  char probe[DU_PROBE_BYTES]; /* its UID, by which the next agent knows it again */
  __u32 mode;  /* enum du_mode */
  __u32 epoch; /* counts the probes that had this slot */
  __u32 disk_low;
  __u32 pad;
  __u64 max_files;
  __u64 max_bytes;
  __u64 files; /* held */
  __u64 bytes; /* likewise, as of when they were held */
  __u64 count[DU_COUNTERS];
};

struct du_control {
  __u64 layout;
  __u64 beat;   /* CLOCK_MONOTONIC ns: the agent was alive */
  __u64 grace;  /* ns that it may be old */
  __u32 requests; /* not 0: look for requests */
  __u32 held;     /* files, of all slots */
};

/* A thread that asks for something: its number in its own process namespace, because the agent knows no other. */
struct du_thread {
  __u32 pid_namespace; /* inode */
  __u32 tid;
};

enum du_wish {
  /* To be answered at the thread's next open(): */
  DU_IDENTIFY, /* which file is it? */
  DU_MARK,     /* likewise, and mark it for `slot` */
  DU_ADOPT,    /* likewise, and hold it as if it had been unlinked */
  DU_END_HOLD, /* of `file`, whatever is opened */
  /* And at its next unlink(): */
  DU_REMOVE, /* let it through if it is `file`, held, at its place, with no other name */
};

enum du_answer {
  DU_UNANSWERED, /* no program has seen it */
  DU_DONE,
  DU_NOT_IT, /* no regular file; not the file, not held, or not at its place */
  DU_FULL,   /* no room, or one of the reasons for which an unlink passes */
};

struct du_request {
  __u32 wish;
  __u32 answer;
  __u32 slot;
  __u32 epoch;
  struct du_file file;
};

/*
 * An event in the ring; and, of type DU_HELD, the journal of held files: in `held` from the moment in which the caller
 * is told that the file is gone.
 */
struct du_record {
  __u32 type; /* enum du_counter */
  __u32 slot;
  struct du_file file;
  struct du_file parent;
  struct du_file root;
  __u64 time;  /* CLOCK_MONOTONIC ns */
  __u64 size;  /* of the file */
  __u64 bytes; /* that holding it takes of the disk */
  __u64 cgroup;
  __u32 pid;
  __u32 uid;
  char comm[16];
  __u32 path_bytes;
  __u32 complete; /* not 0: all is there */
  char path[DU_PATH_BYTES]; /* from the file to the first directory beneath the root, each name ended by a NUL */
};

#endif
