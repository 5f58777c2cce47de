/*
 * The least a reader can do: sleeps until there is something, then looks every 5 ms, so that the kernel need not wake
 * it for each event; writes records as they are.  lean OBJECT OUTPUT
 */
#include "peer.h"
#include "session.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

static int output;
static char buffer[1 << 20];
static size_t used;

static void flush(void) {
  for (size_t written = 0; written < used;) {
    ssize_t n = write(output, buffer + written, used - written);
    if (n < 0)
      fail("write");
    written += n;
  }
  used = 0;
}

static int take(void *context, void *data, size_t size) {
  (void)context;
  if (used + size + 8 > sizeof(buffer))
    flush();
  memcpy(buffer + used, data, size);
  used += (size + 7) & ~7ul;
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3 || (output = open(argv[2], O_CREAT | O_TRUNC | O_WRONLY, 0600)) < 0)
    fail("usage: lean OBJECT OUTPUT");
  struct ring_buffer *ring = begin(argv[1], take);
  struct epoll_event event;
  while (!stopped) {
    if (epoll_wait(ring_buffer__epoll_fd(ring), &event, 1, -1) < 0 && errno != EINTR)
      fail("epoll_wait");
    while (!stopped && ring_buffer__consume(ring) > 0)
      usleep(5000);
  }
  ring_buffer__consume(ring);
  flush();
  return 0;
}
