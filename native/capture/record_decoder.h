// One record of the ring (struct tp_record in bpf/include/traceprobe.h) as the values of its columns.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "capture/record_schema.h"

namespace traceprobe {

/**
 * Holds one record at a time, whose memory must stay while it is asked for values. Text that is not in the record as
 * it is shown is made when it is asked for: most records of a busy probe are refused by its filter before.
 */
class RecordDecoder {
 public:
  /** `boot_to_wall` ns are added to the record's time. False: the record does not have its schema's layout. */
  bool Decode(const RecordSchema& schema, std::span<const uint8_t> record, int64_t boot_to_wall);

  const RecordSchema& Schema() const { return *schema_; }
  const tp_record& Header() const { return header_; }
  /** Wall clock, ns since the Unix epoch. */
  int64_t Time() const { return time_; }
  std::string_view Comm() const {
    const std::string_view whole(header_.comm, sizeof(header_.comm));
    return whole.substr(0, whole.find('\0'));
  }

  /** Nothing: the value could not be read. Only for columns whose CellKind is a number. */
  std::optional<uint64_t> Number(size_t column) const {
    if (faults_ >> column & 1) return std::nullopt;
    return numbers_[column];
  }

  /** Nothing: the value could not be read. Only for columns whose CellKind is a dictionary. */
  std::optional<std::string_view> String(size_t column) {
    if (!(plain_ >> column & 1)) MakeText(column);
    if (faults_ >> column & 1) return std::nullopt;
    return strings_[column];
  }

 private:
  void MakeText(size_t column);

  const RecordSchema* schema_ = nullptr;
  tp_record header_;
  int64_t time_;
  std::array<uint64_t, TP_MAX_FIELDS> numbers_;
  std::array<std::string_view, TP_MAX_FIELDS> strings_;  // as recorded, until MakeText()
  uint32_t faults_ = 0;                                  // by column
  uint32_t plain_ = 0;                                   // by column: strings_ is as shown
  std::array<std::string, TP_MAX_FIELDS> texts_;         // of what strings_ points to after MakeText()
};

}  // namespace traceprobe
