// A Flush as JavaScript sees it: { batches: [{ slot, schema, rows, bytes }], counts: [{ slot, schema, rows, filtered,
// malformed, backlog, unknown, unattributed }], bytes }.
#pragma once

#include <napi.h>

#include "capture/flush.h"

namespace traceprobe {

/** Batches become Buffers without a copy: their memory is the Buffers' from here on. */
Napi::Object FlushObject(Napi::Env env, Flush& flush);

}  // namespace traceprobe
