/* What the eBPF and the user half of the two libbpf programs agree on. */
#ifndef PEER_H
#define PEER_H

#define COMM_BYTES 16
#define PATH_BYTES 256
/* As large as TraceProbe's own for two CPUs, so that no program loses events only for a smaller ring. */
#define RING_BYTES (8 << 20)

/* textbook: a record of one size. */
struct event {
  unsigned long long time; /* CLOCK_MONOTONIC, ns */
  unsigned int pid;
  char comm[COMM_BYTES];
  char filename[PATH_BYTES];
};

/* lean: this head, then `length` bytes of the file's name, the NUL included, and padding up to 8 bytes. */
struct lean_event {
  unsigned long long time;
  unsigned int pid;
  unsigned int length;
  char comm[COMM_BYTES];
};

#endif
