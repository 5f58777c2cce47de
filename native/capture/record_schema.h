// Which columns the records of one slot and schema have, and where their values lie. Made from a PointPlan by
// src/capture/recordSchema.ts.
#pragma once

#include <linux/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/column_type.h"
#include "traceprobe.h"

namespace traceprobe {

struct RecordColumn {
  ColumnType type;
  tp_kind kind;
  /** Index of its word among the record's words. */
  uint8_t word;
  /** Bit of tp_record.faults. */
  uint8_t fault_bit;
  /** false: only the filter looks at it. */
  bool visible;
};

struct RecordSchema {
  uint16_t slot;
  uint16_t schema;
  uint16_t gate;
  std::string probe_uid;
  uint64_t generation;
  /** Index in spec.points. */
  uint32_t point;
  std::vector<RecordColumn> columns;

  /** Two schemas at a time never have the same one. */
  uint32_t Key() const { return static_cast<uint32_t>(slot) << 16 | schema; }

  /** Bytes of the header and of all words that a column refers to. */
  size_t FixedBytes() const {
    size_t words = 0;
    for (const RecordColumn& column : columns) {
      if (column.word >= words) words = column.word + 1u;
    }
    return sizeof(tp_record) + words * sizeof(uint64_t);
  }
};

/** Kinds by the names of plan.ts; 'none' is not among them, because such a field is not in a record. */
inline std::optional<tp_kind> RecordedKindNamed(std::string_view name) {
  if (name == "integer") return TP_KIND_INTEGER;
  if (name == "string") return TP_KIND_STRING;
  if (name == "bytes") return TP_KIND_BYTES;
  if (name == "strv") return TP_KIND_STRV;
  if (name == "path") return TP_KIND_PATH;
  if (name == "dentry") return TP_KIND_DENTRY;
  if (name == "sockaddr") return TP_KIND_SOCKADDR;
  return std::nullopt;
}

}  // namespace traceprobe
