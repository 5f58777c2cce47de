// SPDX-License-Identifier: GPL-2.0
/* A tracepoint by its record in tracefs: fields are read at their offsets from the context. */
#include "capture.h"

SEC("tracepoint")
int single(void *context) {
  struct attempt a;
  if (!begin(&a))
    return 0;
  return capture(context, a.s, a.c);
}
