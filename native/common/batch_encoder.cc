#include "common/batch_encoder.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "common/protobuf.h"

namespace traceprobe {

namespace format = batch_format;

struct BatchEncoder::ColumnLayout {
  uint32_t width = 0;
  uint64_t base = 0;
  size_t values_size = 0;
  size_t faults_size = 0;
  size_t message_size = 0;
};

namespace {

constexpr uint32_t kSmallestCapacity = 64;

uint32_t WidthOf(uint64_t largest) {
  if (largest == 0) return 0;
  if (largest <= UINT8_MAX) return 1;
  if (largest <= UINT16_MAX) return 2;
  return largest <= UINT32_MAX ? 4 : 8;
}

template <typename T>
void Pack(const uint64_t* cells, uint32_t rows, uint64_t base, uint8_t* to) {
  for (uint32_t row = 0; row < rows; ++row) {
    const T offset = static_cast<T>(cells[row] - base);
    std::memcpy(to + row * sizeof(T), &offset, sizeof(T));
  }
}

/** Smallest and largest of the cells without a fault; bit 63 is flipped so that one comparison serves both kinds. */
struct Range {
  uint64_t low = UINT64_MAX;
  uint64_t high = 0;
};

size_t SizeOf(const BatchWorkload& workload) {
  return VarintFieldSize(workload.cgroup) + BytesFieldSize(workload.namespace_name.size()) +
         BytesFieldSize(workload.pod.size()) + BytesFieldSize(workload.pod_uid.size()) +
         BytesFieldSize(workload.container.size());
}

template <bool kFaults>
Range RangeOf(const uint64_t* cells, uint32_t rows, uint64_t flip, const uint8_t* faults) {
  Range range;
  for (uint32_t row = 0; row < rows; ++row) {
    if (kFaults && (faults[row / 8] >> (row % 8) & 1)) continue;
    const uint64_t cell = cells[row] ^ flip;
    range.low = std::min(range.low, cell);
    range.high = std::max(range.high, cell);
  }
  return range;
}

}  // namespace

BatchEncoder::BatchEncoder(std::vector<BatchColumn> columns, uint64_t seed)
    : columns_(std::move(columns)), dictionaries_(columns_.size()), faults_(columns_.size()) {
  if (columns_.size() > kMaxColumns) throw std::length_error("a batch has at most 64 columns");
  for (size_t column = 0; column < columns_.size(); ++column) {
    if (columns_[column].kind == CellKind::kDictionary) {
      dictionaries_[column] = std::make_unique<BatchDictionary>(seed);
    }
  }
}

void BatchEncoder::Grow() {
  const uint32_t capacity = std::min(std::max(kSmallestCapacity, capacity_ * 4), format::kEncoderRows);
  auto cells = std::make_unique_for_overwrite<uint64_t[]>(columns_.size() * capacity);
  for (size_t column = 0; column < columns_.size() && rows_ > 0; ++column) {
    std::memcpy(&cells[column * capacity], &cells_[column * capacity_], rows_ * sizeof(uint64_t));
  }
  for (size_t column = 0; column < columns_.size(); ++column) {
    if (faulted_ >> column & 1) faults_[column].resize(capacity / 8, 0);
  }
  cells_ = std::move(cells);
  capacity_ = capacity;
}

BatchEncoder::ColumnLayout BatchEncoder::Measure(size_t column) const {
  const BatchColumn& description = columns_[column];
  const uint64_t* const cells = cells_.get() + column * capacity_;
  const bool faulted = faulted_ >> column & 1;
  ColumnLayout layout;
  size_t strings_size = 0;
  if (const auto& dictionary = dictionaries_[column]) {
    layout.width = dictionary->Size() == 0 ? 0 : WidthOf(dictionary->Size() - 1);
    strings_size = BytesFieldSize(dictionary->Bytes().size()) + BytesFieldSize(dictionary->Ends().size_bytes());
  } else {
    const uint64_t flip = description.kind == CellKind::kSigned ? 1ull << 63 : 0;
    const Range range = faulted ? RangeOf<true>(cells, rows_, flip, faults_[column].data())
                                : RangeOf<false>(cells, rows_, flip, nullptr);
    if (range.low <= range.high) {
      layout.base = range.low ^ flip;
      layout.width = WidthOf(range.high - range.low);
    }
  }
  layout.values_size = static_cast<size_t>(layout.width) * rows_;
  layout.faults_size = faulted ? (rows_ + 7) / 8 : 0;
  layout.message_size = VarintFieldSize(description.field) + VarintFieldSize(layout.width) +
                        VarintFieldSize(ZigZag(static_cast<int64_t>(layout.base))) +
                        BytesFieldSize(layout.values_size) + BytesFieldSize(layout.faults_size) + strings_size;
  return layout;
}

EncodedBatch BatchEncoder::Finish(const BatchHead& head) {
  const size_t loss_size =
      VarintFieldSize(head.lost_backlog) + VarintFieldSize(head.lost_malformed);
  size_t size = BytesFieldSize(head.probe_uid.size()) + VarintFieldSize(head.generation) +
                BytesFieldSize(head.epoch.size()) + 1 + sizeof(uint64_t) + VarintFieldSize(rows_) +
                BytesFieldSize(loss_size) + VarintFieldSize(head.schema) + VarintFieldSize(head.filtered);
  for (const BatchWorkload& workload : head.workloads) size += BytesFieldSize(SizeOf(workload));
  ColumnLayout layouts[kMaxColumns];
  for (size_t column = 0; column < columns_.size() && rows_ > 0; ++column) {
    ColumnLayout& layout = layouts[column] = Measure(column);
    const bool absent = columns_[column].optional && layout.width == 0 && layout.base == 0;
    if (absent) layout.message_size = 0;
    size += BytesFieldSize(layout.message_size);
  }

  EncodedBatch batch{std::make_unique_for_overwrite<uint8_t[]>(size), size};
  ProtobufWriter writer(batch.bytes.get());
  writer.BytesField(format::kProbeUid, head.probe_uid);
  writer.VarintField(format::kGeneration, head.generation);
  writer.BytesField(format::kEpoch, head.epoch);
  writer.Fixed64Field(format::kFirstSequence, head.first_sequence);
  writer.VarintField(format::kRows, rows_);
  if (loss_size > 0) {
    writer.Message(format::kLoss, loss_size);
    writer.VarintField(format::kLossBacklog, head.lost_backlog);
    writer.VarintField(format::kLossMalformed, head.lost_malformed);
  }
  for (const BatchWorkload& workload : head.workloads) {
    writer.Message(format::kWorkloads, SizeOf(workload));
    writer.VarintField(format::kWorkloadCgroup, workload.cgroup);
    writer.BytesField(format::kWorkloadNamespace, workload.namespace_name);
    writer.BytesField(format::kWorkloadPod, workload.pod);
    writer.BytesField(format::kWorkloadPodUid, workload.pod_uid);
    writer.BytesField(format::kWorkloadContainer, workload.container);
  }
  writer.VarintField(format::kSchema, head.schema);
  writer.VarintField(format::kFiltered, head.filtered);
  for (size_t column = 0; column < columns_.size() && rows_ > 0; ++column) {
    const ColumnLayout& layout = layouts[column];
    if (layout.message_size == 0) continue;
    writer.Message(format::kColumns, layout.message_size);
    writer.VarintField(format::kField, columns_[column].field);
    writer.VarintField(format::kWidth, layout.width);
    writer.VarintField(format::kBase, ZigZag(static_cast<int64_t>(layout.base)));
    if (layout.faults_size > 0) {
      // Faulted cells hold 0, which is no offset from the base: they get offset 0.
      uint64_t* const cells = cells_.get() + column * capacity_;
      const auto& faults = faults_[column];
      for (uint32_t row = 0; row < rows_; ++row) {
        if (faults[row / 8] >> (row % 8) & 1) cells[row] = layout.base;
      }
    }
    if (layout.values_size > 0) {
      const uint64_t* const cells = cells_.get() + column * capacity_;
      uint8_t* const values = writer.Reserve(format::kValues, layout.values_size);
      switch (layout.width) {
        case 1:
          Pack<uint8_t>(cells, rows_, layout.base, values);
          break;
        case 2:
          Pack<uint16_t>(cells, rows_, layout.base, values);
          break;
        case 4:
          Pack<uint32_t>(cells, rows_, layout.base, values);
          break;
        default:
          Pack<uint64_t>(cells, rows_, layout.base, values);
      }
    }
    if (layout.faults_size > 0) {
      writer.BytesField(format::kFaults, std::span<const uint8_t>(faults_[column]).first(layout.faults_size));
    }
    if (const auto& dictionary = dictionaries_[column]) {
      const auto ends = dictionary->Ends();
      writer.BytesField(format::kDictionary, dictionary->Bytes());
      writer.BytesField(format::kDictionaryOffsets,
                        std::span(reinterpret_cast<const uint8_t*>(ends.data()), ends.size_bytes()));
    }
  }
  if (writer.At() != batch.bytes.get() + size) throw std::logic_error("a batch has another size than measured");
  Clear();
  return batch;
}

void BatchEncoder::Clear() {
  for (const auto& dictionary : dictionaries_) {
    if (dictionary) dictionary->Clear();
  }
  for (size_t column = 0; column < columns_.size(); ++column) {
    if (faulted_ >> column & 1) std::fill(faults_[column].begin(), faults_[column].end(), 0);
  }
  // A probe that was busy once does not keep its memory for ever.
  if (capacity_ > kSmallestCapacity && rows_ < capacity_ / 16) {
    cells_.reset();
    capacity_ = 0;
    for (auto& faults : faults_) faults = {};
  }
  rows_ = 0;
  faulted_ = 0;
  dictionary_bytes_ = 0;
}

}  // namespace traceprobe
