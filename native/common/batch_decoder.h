// An EventBatch taken apart and checked: whatever bytes come in, either a consistent batch or a DecodeFailure goes
// out. Strings and spans point into the bytes that were decoded.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/protobuf.h"

namespace traceprobe {

struct DecodedLoss {
  uint64_t spool = 0;
  uint64_t gap = 0;
  uint64_t backlog = 0;
  uint64_t malformed = 0;
};

struct DecodedWorkload {
  uint64_t cgroup = 0;
  std::string_view namespace_name;
  std::string_view pod;
  std::string_view pod_uid;
  std::string_view container;
};

struct DecodedColumn {
  uint32_t field = 0;
  uint32_t width = 0;  // 0, 1, 2, 4 or 8; `values` holds width * rows bytes
  uint64_t base = 0;
  std::span<const uint8_t> values;
  std::span<const uint8_t> faults;  // empty, or a bit for each row
  std::span<const uint8_t> dictionary;
  std::span<const uint8_t> ends;  // uint32 little-endian each, ascending, the last one dictionary.size(); unaligned

  uint32_t Strings() const { return static_cast<uint32_t>(ends.size() / sizeof(uint32_t)); }

  /** The offset from the base, or the code, of a row. */
  uint64_t Offset(uint32_t row) const {
    uint64_t offset = 0;
    if (width != 0) std::memcpy(&offset, values.data() + static_cast<size_t>(row) * width, width);
    return offset;
  }
  bool Faulted(uint32_t row) const { return !faults.empty() && (faults[row / 8] >> (row % 8) & 1); }
};

struct DecodedBatch {
  std::string_view probe_uid;
  uint64_t generation = 0;
  std::span<const uint8_t> epoch;
  uint64_t first_sequence = 0;
  uint32_t rows = 0;
  uint32_t schema = 0;
  uint64_t filtered = 0;
  DecodedLoss loss;
  std::vector<DecodedWorkload> workloads;
  std::vector<DecodedColumn> columns;
};

/** Everything but the columns and workloads, which are not even looked at. */
DecodedBatch DecodeBatchHead(std::span<const uint8_t> bytes);

DecodedBatch DecodeBatch(std::span<const uint8_t> bytes);

/** That every row without a fault has a string; only who knows the column's type can ask. */
void CheckCodes(const DecodedColumn& column, uint32_t rows);

}  // namespace traceprobe
