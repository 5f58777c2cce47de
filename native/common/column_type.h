// Column types of a TraceProbe (src/probe/plan.ts, ColumnType), whatever the kernel's C type is.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/batch_encoder.h"

namespace traceprobe {

enum class ColumnType : uint8_t { kInt64, kUint64, kFloat64, kBool, kString, kBytes, kDuration, kIp, kPath };

inline constexpr std::array<std::string_view, 9> kColumnTypeNames = {
    "Int64", "Uint64", "Float64", "Bool", "String", "Bytes", "Duration", "Ip", "Path"};

inline std::optional<ColumnType> ColumnTypeNamed(std::string_view name) {
  for (size_t i = 0; i < kColumnTypeNames.size(); ++i) {
    if (kColumnTypeNames[i] == name) return static_cast<ColumnType>(i);
  }
  return std::nullopt;
}

/** Encoder and decoder agree on this: how the cells of a type are written. Float64: its 64 bits. */
inline CellKind CellKindOf(ColumnType type) {
  switch (type) {
    case ColumnType::kInt64:
    case ColumnType::kDuration:
      return CellKind::kSigned;
    case ColumnType::kUint64:
    case ColumnType::kFloat64:
    case ColumnType::kBool:
      return CellKind::kUnsigned;
    default:
      return CellKind::kDictionary;
  }
}

}  // namespace traceprobe
