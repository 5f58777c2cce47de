// SPDX-License-Identifier: GPL-2.0
/*
 * An event that the agent itself tells: it runs this program (KernelProgram.run) with a record that it has put together.
 * So the event takes the way of all others, and stands in the same account, also when the agent is killed.
 */
#include "capture.h"

struct report_arguments {
  __u64 address; /* of a struct tp_record with its words and variable part; slot, schema and a time of 0 are filled in here */
  __u64 length;
};

/* 1: the record could not be read, and nothing was counted. */
SEC("raw_tracepoint")
int report(struct report_arguments *context) {
  struct tp_counters *c = own_counters();
  struct scratch *s = claim_scratch();
  if (!s)
    return 1;
  __u32 length = context->length;
  OPAQUE(length);
  if (!c || length < sizeof(struct tp_record) || length > SMALL_RECORD ||
      bpf_probe_read_user(&s->header, length, (void *)context->address)) {
    release_scratch(s);
    return 1;
  }
  count(c, TP_ATTEMPTED);
  s->now = bpf_ktime_get_boot_ns();
  __u32 refused = pass_gate(s->now);
  if (refused != TP_ATTEMPTED) {
    count(c, refused);
    release_scratch(s);
    return 0;
  }
  s->header.slot = CONFIG.slot;
  s->header.schema = CONFIG.schema;
  if (!s->header.time)
    s->header.time = s->now;
  s->position = length;
  submit(s, c);
  return 0;
}
