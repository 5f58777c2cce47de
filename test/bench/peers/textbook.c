/* The user half as every introduction does it: poll, and a callback that prints each event.  textbook OBJECT OUTPUT */
#include "peer.h"
#include "session.h"

static FILE *output;

static int take(void *context, void *data, size_t size) {
  const struct event *event = data;
  (void)context, (void)size;
  fprintf(output, "%llu %u %s %s\n", event->time, event->pid, event->comm, event->filename);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3 || !(output = fopen(argv[2], "w")))
    fail("usage: textbook OBJECT OUTPUT");
  struct ring_buffer *ring = begin(argv[1], take);
  while (!stopped)
    if (ring_buffer__poll(ring, 100) < 0 && errno != EINTR)
      fail("poll");
  ring_buffer__consume(ring);
  fclose(output);
  return 0;
}
