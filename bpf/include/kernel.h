/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel as our programs see it: the few types, constants and helpers that they use, relocated by CO-RE
 * (preserve_access_index), so that neither a vmlinux.h nor kernel headers are needed to build.
 */
#ifndef TRACEPROBE_KERNEL_H
#define TRACEPROBE_KERNEL_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u16 __sum16;

/* include/uapi/linux/bpf.h */
enum {
  BPF_MAP_TYPE_HASH = 1,
  BPF_MAP_TYPE_ARRAY = 2,
  BPF_MAP_TYPE_PROG_ARRAY = 3,
  BPF_MAP_TYPE_PERCPU_ARRAY = 6,
  BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
  BPF_MAP_TYPE_RINGBUF = 27,
  BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum {
  BPF_ANY = 0,
  BPF_NOEXIST = 1,
};
enum {
  BPF_F_NO_PREALLOC = 1U << 0,
  BPF_F_MMAPABLE = 1U << 10,
  BPF_LOCAL_STORAGE_GET_F_CREATE = 1U << 0,
};

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define CORE __attribute__((preserve_access_index))

struct qstr {
  __u32 len;
  const unsigned char *name;
} CORE;

struct super_block {
  __u32 s_dev;
} CORE;

struct inode {
  __u16 i_mode;
  struct super_block *i_sb;
  unsigned long i_ino;
  unsigned int i_nlink;
  __s64 i_size;
  __u64 i_blocks; /* of 512 bytes */
  __u32 i_generation;
} CORE;
#define S_IFMT 0170000 /* include/uapi/linux/stat.h */
#define S_IFDIR 0040000
#define S_IFREG 0100000

struct dentry {
  struct dentry *d_parent;
  struct qstr d_name;
  struct inode *d_inode;
} CORE;

struct vfsmount {
  struct dentry *mnt_root;
} CORE;

struct mount {
  struct mount *mnt_parent;
  struct dentry *mnt_mountpoint;
  struct vfsmount mnt;
} CORE;

struct path {
  struct vfsmount *mnt;
  struct dentry *dentry;
} CORE;

struct file {
  unsigned int f_mode;
  struct inode *f_inode;
  struct path f_path;
} CORE;
#define FMODE_WRITE 0x2 /* include/linux/fs.h */
#define FMODE_CREATED 0x100000

struct mm_struct {
  unsigned long arg_start, arg_end;
} CORE;

struct linux_binprm {
  int argc;
  const char *filename;
} CORE;

typedef struct {
  int counter;
} atomic_t;

struct signal_struct {
  atomic_t live; /* threads that have not begun to exit */
  int group_exit_code;
  unsigned int flags;
} CORE;
#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h */

typedef struct {
  __u32 val;
} CORE kuid_t;

typedef struct {
  __u32 val;
} CORE kgid_t;

struct cred {
  kuid_t uid;
  kgid_t gid;
} CORE;

struct kernfs_node {
  __u64 id;
} CORE;

struct cgroup {
  struct kernfs_node *kn;
} CORE;

struct cgroup_subsys_state {
  struct cgroup *cgroup;
} CORE;

enum cgroup_subsys_id {
  memory_cgrp_id = 4, /* by name: the number is the kernel's */
};

struct ns_common {
  unsigned int inum;
} CORE;

struct pid_namespace {
  struct ns_common ns;
} CORE;

struct upid {
  int nr;
  struct pid_namespace *ns;
} CORE;

/* A task's number in each namespace that it is in; the innermost is numbers[level]. */
struct pid {
  unsigned int level;
  struct upid numbers[1];
} CORE;

struct css_set {
  struct cgroup_subsys_state *subsys[16];
  struct cgroup *dfl_cgrp;
} CORE;

struct rq;

struct cfs_rq {
  struct rq *rq; /* CONFIG_FAIR_GROUP_SCHED */
} CORE;

struct sched_entity {
  struct cfs_rq *cfs_rq; /* likewise */
} CORE;

#define TASK_COMM_LEN 16

struct task_struct {
  void *stack;
  struct sched_entity se;
  int pid, tgid, exit_code;
  struct task_struct *real_parent, *group_leader;
  struct mm_struct *mm;
  struct pid *thread_pid;
  struct signal_struct *signal;
  __u64 start_boottime;
  const struct cred *cred;
  struct css_set *cgroups;
  char comm[TASK_COMM_LEN];
} CORE;

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
  unsigned long r10, r9, r8, ax, cx, dx, si, di, orig_ax, sp;
} CORE;
/* Of a kprobe or uprobe: the calling convention of functions. */
#define REG_ARGUMENT_0(r) ((r)->di)
#define REG_ARGUMENT_1(r) ((r)->si)
#define REG_ARGUMENT_2(r) ((r)->dx)
#define REG_ARGUMENT_3(r) ((r)->cx)
#define REG_ARGUMENT_4(r) ((r)->r8)
#define REG_ARGUMENT_5(r) ((r)->r9)
/* Inside a syscall wrapper: the fourth argument is in r10 (the syscall instruction clobbers rcx). */
#define REG_SYSCALL_3(r) ((r)->r10)
#define REG_SYSCALL_0(r) ((r)->di)
#define REG_RETURN(r) ((r)->ax)
#define REG_STACK(r) ((r)->sp)
#define REG_SYSCALL_NUMBER(r) ((int)BPF_CORE_READ(r, orig_ax))
/* At the return probe the return address has been popped: 8 bytes above the entry's stack pointer. */
#define RETURN_STACK_OFFSET 8
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
  __u64 orig_x0;
  int syscallno;
} CORE;
struct user_pt_regs {
  __u64 regs[31];
  __u64 sp, pc, pstate;
};
#define ARM_REGS(r) ((struct user_pt_regs *)(r))
#define REG_ARGUMENT_0(r) (ARM_REGS(r)->regs[0])
#define REG_ARGUMENT_1(r) (ARM_REGS(r)->regs[1])
#define REG_ARGUMENT_2(r) (ARM_REGS(r)->regs[2])
#define REG_ARGUMENT_3(r) (ARM_REGS(r)->regs[3])
#define REG_ARGUMENT_4(r) (ARM_REGS(r)->regs[4])
#define REG_ARGUMENT_5(r) (ARM_REGS(r)->regs[5])
#define REG_SYSCALL_3(r) (ARM_REGS(r)->regs[3])
#define REG_SYSCALL_0(r) (ARM_REGS(r)->regs[0])
#define REG_RETURN(r) (ARM_REGS(r)->regs[0])
#define REG_STACK(r) (ARM_REGS(r)->sp)
#define REG_SYSCALL_NUMBER(r) BPF_CORE_READ(r, syscallno)
#define RETURN_STACK_OFFSET 0
#else
#error "unknown architecture: define __TARGET_ARCH_x86 or __TARGET_ARCH_arm64"
#endif

#endif
