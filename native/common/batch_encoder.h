// Rows of one point of one probe become one EventBatch (proto/traceprobe/v1/events.proto).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/batch_dictionary.h"
#include "common/batch_format.h"

namespace traceprobe {

/** How the cells of a column are written. */
enum class CellKind : uint8_t {
  kSigned,      // 64 bits, the base is the smallest as int64
  kUnsigned,    // 64 bits, the base is the smallest as uint64
  kDictionary,  // strings or bytes by their code
};

struct BatchColumn {
  uint32_t field;  // Column.field
  CellKind kind;
  /** Left out of a batch in which it is 0 in every row. */
  bool optional = false;
};

/** Whose events are, for EventBatch.workloads. */
struct BatchWorkload {
  uint64_t cgroup;
  std::string_view namespace_name;
  std::string_view pod;
  std::string_view pod_uid;
  std::string_view container;
};

/** What a batch says beside its columns. */
struct BatchHead {
  std::string_view probe_uid;
  uint64_t generation = 0;
  std::span<const uint8_t> epoch;
  uint64_t first_sequence = 0;
  uint32_t schema = 0;
  uint64_t filtered = 0;
  uint64_t lost_backlog = 0;
  uint64_t lost_malformed = 0;
  /** Row values of the workload column are 1 and up for these. */
  std::span<const BatchWorkload> workloads;
};

/** Memory whose owner can be handed to JavaScript. */
struct EncodedBatch {
  std::unique_ptr<uint8_t[]> bytes;
  size_t size = 0;
};

class BatchEncoder {
 public:
  static constexpr size_t kMaxColumns = 64;

  /** At most kMaxColumns columns. */
  BatchEncoder(std::vector<BatchColumn> columns, uint64_t seed);

  uint32_t Rows() const { return rows_; }
  bool Full() const { return rows_ >= batch_format::kEncoderRows; }
  /** About as many bytes as the batch would have now; never fewer than its strings. */
  size_t EstimatedBytes() const { return rows_ * columns_.size() * 4 + dictionary_bytes_; }

  /** Begins a row: each of its columns must then be set once. Not while Full(). */
  void BeginRow() {
    if (rows_ == capacity_) Grow();
    ++rows_;
  }
  void Set(size_t column, uint64_t value) { Cell(column) = value; }
  void Set(size_t column, std::string_view value) {
    BatchDictionary& dictionary = *dictionaries_[column];
    const uint32_t known = dictionary.Size();
    const uint32_t code = dictionary.Code(value);
    if (code == known) dictionary_bytes_ += value.size() + 4;
    Cell(column) = code;
  }
  /** The value could not be read. */
  void SetFault(size_t column) {
    Cell(column) = 0;
    if (faults_[column].size() * 8 < capacity_) faults_[column].resize(capacity_ / 8, 0);
    faults_[column][(rows_ - 1) / 8] |= static_cast<uint8_t>(1 << ((rows_ - 1) % 8));
    faulted_ |= 1ull << column;
  }

  /** The batch of all rows (possibly none) since the last one; the encoder is empty afterwards. */
  EncodedBatch Finish(const BatchHead& head);

 private:
  struct ColumnLayout;

  uint64_t& Cell(size_t column) { return cells_[column * capacity_ + rows_ - 1]; }
  void Grow();
  void Clear();
  ColumnLayout Measure(size_t column) const;

  std::vector<BatchColumn> columns_;
  std::vector<std::unique_ptr<BatchDictionary>> dictionaries_;  // null where a column has none
  std::vector<std::vector<uint8_t>> faults_;                    // bitmaps, used where faulted_ says so
  std::unique_ptr<uint64_t[]> cells_;                           // by column, `capacity_` apart
  uint32_t capacity_ = 0;                                       // rows; a multiple of 8
  uint32_t rows_ = 0;
  uint64_t faulted_ = 0;  // bit of each column with a fault
  size_t dictionary_bytes_ = 0;
};

}  // namespace traceprobe
