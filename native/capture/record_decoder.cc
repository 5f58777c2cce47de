#include "capture/record_decoder.h"

#include <cstring>

#include "capture/value_text.h"

namespace traceprobe {

bool RecordDecoder::Decode(const RecordSchema& schema, std::span<const uint8_t> record, int64_t boot_to_wall) {
  if (record.size() < schema.fixed_bytes) return false;
  schema_ = &schema;
  std::memcpy(&header_, record.data(), sizeof(tp_record));
  time_ = static_cast<int64_t>(header_.time) + boot_to_wall;
  faults_ = 0;
  plain_ = schema.plain;
  const uint8_t* const words = record.data() + sizeof(tp_record);
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const RecordColumn& column = schema.columns[i];
    if (header_.faults >> column.fault_bit & 1) {
      faults_ |= 1u << i;
      plain_ |= 1u << i;
      continue;
    }
    const uint8_t* const place = words + column.word * sizeof(uint64_t);
    uint64_t word;
    std::memcpy(&word, place, sizeof(word));
    if (column.kind == TP_KIND_INTEGER) {
      numbers_[i] = column.type == ColumnType::kBool ? word != 0 : word;
      // An IPv4 address that was loaded as a number is still in the order of memory.
      strings_[i] = {reinterpret_cast<const char*>(place), sizeof(uint32_t)};
      continue;
    }
    const auto offset = static_cast<uint32_t>(word);
    const auto length = static_cast<uint32_t>(word >> 32);
    if (length == 0) {
      strings_[i] = {};
    } else if (offset >= sizeof(tp_record) && offset <= record.size() && length <= record.size() - offset) {
      strings_[i] = {reinterpret_cast<const char*>(record.data() + offset), length};
    } else {
      return false;
    }
  }
  return true;
}

void RecordDecoder::MakeText(size_t column) {
  const RecordColumn& description = schema_->columns[column];
  const std::string_view recorded = strings_[column];
  std::string& text = texts_[column];
  text.clear();
  bool made = true;
  switch (description.kind) {
    case TP_KIND_STRV:
      AppendStrings(recorded, text);
      break;
    case TP_KIND_PATH:
    case TP_KIND_DENTRY:
      AppendPath(recorded, text);
      break;
    case TP_KIND_SOCKADDR:
      made = description.type == ColumnType::kIp ? AppendSocketIpAddress(recorded, text)
                                                 : AppendSocketAddress(recorded, text);
      break;
    default:
      made = AppendIpAddress(recorded, text);
  }
  if (!made) faults_ |= 1u << column;
  strings_[column] = text;
  plain_ |= 1u << column;
}

}  // namespace traceprobe
