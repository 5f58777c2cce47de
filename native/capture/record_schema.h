// Which columns the records of one slot and schema have, and where their values lie. Made from a PointPlan by
// src/capture/recordSchema.ts.
#pragma once

#include <linux/types.h>

#include <algorithm>
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
  /** Only of workloads that select the probe. */
  bool scoped = false;
  /** With `scoped`: also of what belongs to no workload, which events in interrupts do not either. */
  bool host = true;
  std::vector<RecordColumn> columns;

  // Set by Finish() from the columns:
  /** Bytes of the header and of all words that a column refers to. */
  size_t fixed_bytes = 0;
  /** Bit of each column whose recorded bytes are its value. */
  uint32_t plain = 0;

  /** Two schemas at a time never have the same one. */
  uint32_t Key() const { return static_cast<uint32_t>(slot) << 16 | schema; }

  void Finish() {
    fixed_bytes = sizeof(tp_record);
    plain = 0;
    for (size_t i = 0; i < columns.size(); ++i) {
      const RecordColumn& column = columns[i];
      fixed_bytes = std::max(fixed_bytes, sizeof(tp_record) + (column.word + 1u) * sizeof(uint64_t));
      const bool is_plain = column.type == ColumnType::kBytes || column.kind == TP_KIND_STRING ||
                            (column.kind == TP_KIND_BYTES && column.type != ColumnType::kIp);
      if (is_plain) plain |= 1u << i;
    }
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
