/* What both libbpf programs do around their ring: open, load, attach, say so, stop on SIGINT. */
#ifndef SESSION_H
#define SESSION_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stopped;

static void stop(int number) {
  (void)number;
  stopped = 1;
}

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

/* Attaches the only program of an object file; returns the ring that hands records to `take`. */
static struct ring_buffer *begin(const char *object_file, ring_buffer_sample_fn take) {
  struct sigaction action = { .sa_handler = stop }; /* no SA_RESTART: a wait ends */
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  struct bpf_object *object = bpf_object__open_file(object_file, NULL);
  if (!object || bpf_object__load(object))
    fail(object_file);
  if (!bpf_program__attach(bpf_object__next_program(object, NULL)))
    fail("attach");
  struct ring_buffer *ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "events"), take, NULL, NULL);
  if (!ring)
    fail("ring buffer");
  puts("ready");
  fflush(stdout);
  return ring;
}

#endif
