/*
 * The load that every measurement uses: CALLS openat() calls of a file that does not exist, shared by one thread on
 * each of two CPUs, which both work until the last call.
 *
 *     load CPU CPU CALLS PATH
 *
 * Prints as JSON, in nanoseconds: start and end on CLOCK_MONOTONIC, and the CPU time of both threads. What a call cost
 * is (end - start) * 2 / calls: time of one CPU, that of whoever else ran there included; cpu / calls is without them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS 2
#define CHUNK 256 /* calls that a thread takes at a time */

static const char *path;
static long calls, taken;
static int cpus[THREADS];
static pthread_barrier_t start;
static unsigned long long started[THREADS], ended[THREADS], used[THREADS];

static unsigned long long now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void *work(void *argument) {
  long thread = (long)argument;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpus[thread], &set);
  if (sched_setaffinity(0, sizeof(set), &set))
    fail("sched_setaffinity");

  pthread_barrier_wait(&start);
  started[thread] = now(CLOCK_MONOTONIC);
  used[thread] = -now(CLOCK_THREAD_CPUTIME_ID);
  for (;;) {
    long first = __atomic_fetch_add(&taken, CHUNK, __ATOMIC_RELAXED);
    if (first >= calls)
      break;
    long last = first + CHUNK < calls ? first + CHUNK : calls;
    /* Not through libc, so that the call is openat() whatever the libc. */
    for (long call = first; call < last; call++)
      if (syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) != -1 || errno != ENOENT)
        fail(path);
  }
  ended[thread] = now(CLOCK_MONOTONIC);
  used[thread] += now(CLOCK_THREAD_CPUTIME_ID);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: load CPU CPU CALLS PATH\n");
    return 2;
  }
  for (int i = 0; i < THREADS; i++)
    cpus[i] = atoi(argv[1 + i]);
  calls = atol(argv[3]);
  path = argv[4];

  pthread_t threads[THREADS];
  pthread_barrier_init(&start, NULL, THREADS);
  for (long i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, work, (void *)i))
      fail("pthread_create");
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);

  unsigned long long from = started[0], to = ended[0], cpu = used[0];
  for (int i = 1; i < THREADS; i++) {
    from = started[i] < from ? started[i] : from;
    to = ended[i] > to ? ended[i] : to;
    cpu += used[i];
  }
  printf("{\"calls\":%ld,\"start\":%llu,\"end\":%llu,\"cpu\":%llu}\n", calls, from, to, cpu);
  return 0;
}
