#include "common/batch_decoder.h"

#include <cstring>
#include <string>

#include "common/batch_encoder.h"
#include "common/batch_format.h"

namespace traceprobe {

namespace format = batch_format;

namespace {

DecodedLoss DecodeLoss(std::span<const uint8_t> bytes) {
  DecodedLoss loss;
  ProtobufReader reader(bytes, "Loss");
  while (reader.Next()) {
    switch (reader.Field()) {
      case format::kLossSpool:
        loss.spool = reader.Varint();
        break;
      case format::kLossGap:
        loss.gap = reader.Varint();
        break;
      case format::kLossBacklog:
        loss.backlog = reader.Varint();
        break;
      case format::kLossMalformed:
        loss.malformed = reader.Varint();
        break;
      default:
        reader.Skip();
    }
  }
  return loss;
}

DecodedWorkload DecodeWorkload(std::span<const uint8_t> bytes) {
  DecodedWorkload workload;
  ProtobufReader reader(bytes, "Workload");
  while (reader.Next()) {
    switch (reader.Field()) {
      case format::kWorkloadCgroup:
        workload.cgroup = reader.Varint();
        break;
      case format::kWorkloadNamespace:
        workload.namespace_name = reader.Text();
        break;
      case format::kWorkloadPod:
        workload.pod = reader.Text();
        break;
      case format::kWorkloadPodUid:
        workload.pod_uid = reader.Text();
        break;
      case format::kWorkloadContainer:
        workload.container = reader.Text();
        break;
      default:
        reader.Skip();
    }
  }
  return workload;
}

DecodedColumn DecodeColumn(std::span<const uint8_t> bytes) {
  DecodedColumn column;
  ProtobufReader reader(bytes, "Column");
  while (reader.Next()) {
    switch (reader.Field()) {
      case format::kField:
        column.field = reader.Uint32();
        break;
      case format::kWidth:
        column.width = reader.Uint32();
        break;
      case format::kBase:
        column.base = static_cast<uint64_t>(UnZigZag(reader.Varint()));
        break;
      case format::kValues:
        column.values = reader.Bytes();
        break;
      case format::kFaults:
        column.faults = reader.Bytes();
        break;
      case format::kDictionary:
        column.dictionary = reader.Bytes();
        break;
      case format::kDictionaryOffsets:
        column.ends = reader.Bytes();
        break;
      default:
        reader.Skip();
    }
  }
  return column;
}

[[noreturn]] void Refuse(const DecodedColumn& column, const std::string& why) {
  throw DecodeFailure("Column " + std::to_string(column.field) + ": " + why);
}

void CheckColumn(const DecodedColumn& column, uint32_t rows) {
  if (column.field == 0) throw DecodeFailure("a Column does not say which field it is");
  if (column.width != 0 && column.width != 1 && column.width != 2 && column.width != 4 && column.width != 8) {
    Refuse(column, "width " + std::to_string(column.width) + " is none of 0, 1, 2, 4, 8");
  }
  const size_t values_size = static_cast<size_t>(column.width) * rows;
  if (column.values.size() != values_size) {
    Refuse(column, std::to_string(column.values.size()) + " bytes of values where " + std::to_string(rows) +
                       " rows of width " + std::to_string(column.width) + " need " + std::to_string(values_size));
  }
  const size_t faults_size = (static_cast<size_t>(rows) + 7) / 8;
  if (!column.faults.empty() && column.faults.size() != faults_size) {
    Refuse(column, std::to_string(column.faults.size()) + " bytes of faults where " + std::to_string(rows) +
                       " rows need " + std::to_string(faults_size));
  }
  if (column.ends.size() % sizeof(uint32_t) != 0) {
    Refuse(column, std::to_string(column.ends.size()) + " bytes of dictionary offsets are no whole number of them");
  }
  uint32_t previous = 0;
  for (size_t at = 0; at < column.ends.size(); at += sizeof(uint32_t)) {
    uint32_t end;
    std::memcpy(&end, column.ends.data() + at, sizeof(end));
    if (end < previous || end > column.dictionary.size()) {
      Refuse(column, "a string that ends at byte " + std::to_string(end) + " does not fit after byte " +
                         std::to_string(previous) + " of a dictionary of " +
                         std::to_string(column.dictionary.size()));
    }
    previous = end;
  }
  if (previous != column.dictionary.size()) {
    Refuse(column, "the dictionary has " + std::to_string(column.dictionary.size()) + " bytes, its strings end at " +
                       std::to_string(previous));
  }
}

DecodedBatch Decode(std::span<const uint8_t> bytes, bool whole) {
  DecodedBatch batch;
  ProtobufReader reader(bytes, "EventBatch");
  while (reader.Next()) {
    switch (reader.Field()) {
      case format::kProbeUid:
        batch.probe_uid = reader.Text();
        break;
      case format::kGeneration:
        batch.generation = reader.Varint();
        break;
      case format::kEpoch:
        batch.epoch = reader.Bytes();
        break;
      case format::kFirstSequence:
        batch.first_sequence = reader.Fixed64();
        break;
      case format::kRows:
        batch.rows = reader.Uint32();
        if (batch.rows > format::kDecoderRows) {
          reader.Fail(std::to_string(batch.rows) + " rows are more than " + std::to_string(format::kDecoderRows));
        }
        break;
      case format::kSchema:
        batch.schema = reader.Uint32();
        break;
      case format::kFiltered:
        batch.filtered = reader.Varint();
        break;
      case format::kLoss:
        batch.loss = DecodeLoss(reader.Bytes());
        break;
      case format::kWorkloads:
        if (whole) {
          batch.workloads.push_back(DecodeWorkload(reader.Bytes()));
        } else {
          reader.Skip();
        }
        break;
      case format::kColumns:
        if (!whole) {
          reader.Skip();
          break;
        }
        if (batch.columns.size() == BatchEncoder::kMaxColumns) {
          reader.Fail("more than " + std::to_string(BatchEncoder::kMaxColumns) + " columns");
        }
        batch.columns.push_back(DecodeColumn(reader.Bytes()));
        for (size_t i = 0; i + 1 < batch.columns.size(); ++i) {
          if (batch.columns[i].field == batch.columns.back().field) Refuse(batch.columns[i], "is there twice");
        }
        break;
      default:
        reader.Skip();
    }
  }
  for (const DecodedColumn& column : batch.columns) CheckColumn(column, batch.rows);
  return batch;
}

}  // namespace

DecodedBatch DecodeBatchHead(std::span<const uint8_t> bytes) { return Decode(bytes, false); }

DecodedBatch DecodeBatch(std::span<const uint8_t> bytes) { return Decode(bytes, true); }

void CheckCodes(const DecodedColumn& column, uint32_t rows) {
  const uint32_t strings = column.Strings();
  for (uint32_t row = 0; row < rows; ++row) {
    if (column.Faulted(row)) continue;
    const uint64_t code = column.Offset(row);
    if (code >= strings) {
      Refuse(column, "row " + std::to_string(row) + " has string " + std::to_string(code) + " of a dictionary of " +
                         std::to_string(strings));
    }
  }
}

}  // namespace traceprobe
