// One record of the ring (struct tp_record in bpf/include/traceprobe.h) as the values of its columns.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "capture/record_schema.h"

namespace traceprobe {

/** Valid until the next record is decoded, and as long as the record's memory is. */
struct RecordRow {
  tp_record header;
  /** Wall clock, ns since the Unix epoch. */
  int64_t time;
  /**
   * By column; which of the two a column uses is CellKindOf(its type). An Ip is its 4 or 16 bytes in network order.
   */
  std::array<uint64_t, TP_MAX_FIELDS> numbers;
  std::array<std::string_view, TP_MAX_FIELDS> strings;
  /** Bit of each column that could not be read. */
  uint32_t faults;

  std::string_view Comm() const {
    const std::string_view whole(header.comm, sizeof(header.comm));
    return whole.substr(0, whole.find('\0'));
  }
};

class RecordDecoder {
 public:
  /** `boot_to_wall` ns are added to the record's time. False: the record does not have its schema's layout. */
  bool Decode(const RecordSchema& schema, std::span<const uint8_t> record, int64_t boot_to_wall);

  const RecordRow& Row() const { return row_; }

 private:
  RecordRow row_;
  std::array<std::string, TP_MAX_FIELDS> texts_;  // what strings of the row point to where text had to be made
};

}  // namespace traceprobe
