#include "capture/record_decoder.h"

#include <cstring>
#include <optional>

#include "capture/value_text.h"

namespace traceprobe {

namespace {

/** The value as it is compared and encoded, in `text` where it is not in the record like that; nothing: a fault. */
std::optional<std::string_view> ValueOf(const RecordColumn& column, std::string_view recorded, std::string& text) {
  if (column.type == ColumnType::kIp) {
    const std::string_view address = column.kind == TP_KIND_SOCKADDR ? IpOfSocketAddress(recorded) : recorded;
    if (address.size() != 4 && address.size() != 16) return std::nullopt;
    return address;
  }
  if (column.type == ColumnType::kBytes) return recorded;
  text.clear();
  switch (column.kind) {
    case TP_KIND_STRV:
      AppendStrings(recorded, text);
      return text;
    case TP_KIND_PATH:
    case TP_KIND_DENTRY:
      AppendPath(recorded, text);
      return text;
    case TP_KIND_SOCKADDR:
      if (!AppendSocketAddress(recorded, text)) return std::nullopt;
      return text;
    default:
      return recorded;
  }
}

}  // namespace

bool RecordDecoder::Decode(const RecordSchema& schema, std::span<const uint8_t> record, int64_t boot_to_wall) {
  if (record.size() < schema.FixedBytes()) return false;
  std::memcpy(&row_.header, record.data(), sizeof(tp_record));
  row_.time = static_cast<int64_t>(row_.header.time) + boot_to_wall;
  row_.faults = 0;
  const uint8_t* const words = record.data() + sizeof(tp_record);
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const RecordColumn& column = schema.columns[i];
    if (row_.header.faults >> column.fault_bit & 1) {
      row_.faults |= 1u << i;
      row_.numbers[i] = 0;
      row_.strings[i] = {};
      continue;
    }
    uint64_t word;
    std::memcpy(&word, words + column.word * sizeof(word), sizeof(word));
    if (column.kind == TP_KIND_INTEGER) {
      row_.numbers[i] = column.type == ColumnType::kBool ? word != 0 : word;
      // An IPv4 address that was loaded as a number is still in the order of memory.
      row_.strings[i] = {reinterpret_cast<const char*>(words + column.word * sizeof(word)), 4};
      continue;
    }
    const auto offset = static_cast<uint32_t>(word);
    const auto length = static_cast<uint32_t>(word >> 32);
    std::string_view value;
    if (length > 0) {
      if (offset < sizeof(tp_record) || offset > record.size() || length > record.size() - offset) return false;
      value = {reinterpret_cast<const char*>(record.data() + offset), length};
    }
    if (const auto made = ValueOf(column, value, texts_[i])) {
      row_.strings[i] = *made;
    } else {
      row_.faults |= 1u << i;
      row_.strings[i] = {};
    }
  }
  return true;
}

}  // namespace traceprobe
