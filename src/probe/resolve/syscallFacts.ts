/**
 * System calls whose work can also be submitted through io_uring, which makes no system call of that name.
 * From the operations in include/uapi/linux/io_uring.h (6.18).
 */
export const viaIoUring: ReadonlySet<string> = new Set(
  (
    'accept accept4 bind close connect epoll_ctl epoll_wait fadvise64 fallocate fgetxattr fsetxattr fsync fdatasync ' +
    'ftruncate futex getxattr linkat listen madvise mkdirat openat openat2 pipe2 poll pread64 preadv preadv2 pwrite64 ' +
    'pwritev pwritev2 read readv recv recvfrom recvmsg renameat renameat2 send sendmsg sendto setxattr shutdown socket ' +
    'splice statx symlinkat sync_file_range tee unlinkat waitid write writev'
  ).split(' '),
);
