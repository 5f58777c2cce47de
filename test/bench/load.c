/*
 * The load that every measurement uses: CALLS openat() calls of a file that does not exist, shared by one process on
 * each of two CPUs, which both work until the last call. Processes and not threads, because those wait for one
 * another over their common table of files.
 *
 *     load CPU CPU CALLS PATH
 *
 * Prints as JSON, in nanoseconds: start and end on CLOCK_MONOTONIC, and the CPU time of both. What a call cost
 * is (end - start) * 2 / calls: time of one CPU, that of whoever else ran there included; cpu / calls is without them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 2
#define CHUNK 256 /* calls that a worker takes at a time */

/* What the workers have in common. */
struct shared {
  pthread_barrier_t start;
  long taken;
  struct {
    unsigned long long started, ended, used;
  } worker[WORKERS];
};

static unsigned long long now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void work(struct shared *shared, int worker, int cpu, long calls, const char *path) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof(set), &set))
    fail("sched_setaffinity");

  pthread_barrier_wait(&shared->start);
  shared->worker[worker].started = now(CLOCK_MONOTONIC);
  unsigned long long used = now(CLOCK_PROCESS_CPUTIME_ID);
  for (;;) {
    long first = __atomic_fetch_add(&shared->taken, CHUNK, __ATOMIC_RELAXED);
    if (first >= calls)
      break;
    long last = first + CHUNK < calls ? first + CHUNK : calls;
    /* Not through libc, so that the call is openat() whatever the libc. */
    for (long call = first; call < last; call++)
      if (syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) != -1 || errno != ENOENT)
        fail(path);
  }
  shared->worker[worker].used = now(CLOCK_PROCESS_CPUTIME_ID) - used;
  shared->worker[worker].ended = now(CLOCK_MONOTONIC);
}

int main(int argc, char **argv) {
  if (argc != 3 + WORKERS) {
    fprintf(stderr, "usage: load CPU CPU CALLS PATH\n");
    return 2;
  }
  long calls = atol(argv[1 + WORKERS]);
  struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED)
    fail("mmap");
  pthread_barrierattr_t attributes;
  pthread_barrierattr_init(&attributes);
  pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(&shared->start, &attributes, WORKERS);

  pid_t workers[WORKERS];
  for (int i = 0; i < WORKERS; i++) {
    workers[i] = fork();
    if (workers[i] < 0)
      fail("fork");
    if (workers[i] == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      work(shared, i, atoi(argv[1 + i]), calls, argv[2 + WORKERS]);
      _exit(0);
    }
  }
  for (int i = 0, status; i < WORKERS; i++) {
    if (wait(&status) > 0 && status == 0)
      continue;
    for (int other = 0; other < WORKERS; other++) /* it would wait for ever */
      kill(workers[other], SIGKILL);
    return 1;
  }

  unsigned long long from = -1, to = 0, cpu = 0;
  for (int i = 0; i < WORKERS; i++) {
    from = shared->worker[i].started < from ? shared->worker[i].started : from;
    to = shared->worker[i].ended > to ? shared->worker[i].ended : to;
    cpu += shared->worker[i].used;
  }
  printf("{\"calls\":%ld,\"start\":%llu,\"end\":%llu,\"cpu\":%llu}\n", calls, from, to, cpu);
  return 0;
}
