// What the draining thread hands to JavaScript in one call.
#pragma once

#include <cstdint>
#include <vector>

#include "common/batch_encoder.h"

namespace traceprobe {

struct FlushedBatch {
  uint16_t slot;
  uint16_t schema;
  uint32_t rows;
  EncodedBatch encoded;
};

/** What became of the records of one slot and schema since the flush before; the sum of all but the
 * last is what was drained. */
struct FlushedCounts {
  uint16_t slot;
  uint16_t schema;
  uint64_t rows = 0;       // in the batches of this flush
  uint64_t filtered = 0;   // refused by the native filter
  uint64_t malformed = 0;  // not of their schema's layout
  uint64_t backlog = 0;    // dropped, because JavaScript had too much waiting
  uint64_t unknown = 0;    // nobody had added this schema
  uint64_t unattributed = 0;  // of those above: nobody said in time whose their cgroup is
};

struct Flush {
  std::vector<FlushedBatch> batches;
  std::vector<FlushedCounts> counts;
  /** Calls of drain() and removeSchema() that this flush completes. */
  std::vector<uint32_t> completed;
  /** Cgroups that events wait for to be told whose they are. */
  std::vector<uint64_t> unknown_cgroups;

  size_t Bytes() const {
    size_t bytes = 0;
    for (const auto& batch : batches) bytes += batch.encoded.size;
    return bytes;
  }
};

}  // namespace traceprobe
