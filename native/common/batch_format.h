// Numbers of proto/traceprobe/v1/events.proto, for the encoder and the decoder.
#pragma once

#include <cstdint>

namespace traceprobe::batch_format {

// EventBatch
inline constexpr uint32_t kProbeUid = 1;
inline constexpr uint32_t kGeneration = 2;
inline constexpr uint32_t kEpoch = 3;
inline constexpr uint32_t kFirstSequence = 4;
inline constexpr uint32_t kRows = 5;
inline constexpr uint32_t kLoss = 6;
inline constexpr uint32_t kWorkloads = 7;
inline constexpr uint32_t kColumns = 8;
inline constexpr uint32_t kSchema = 9;
inline constexpr uint32_t kFiltered = 10;

// Column
inline constexpr uint32_t kField = 1;
inline constexpr uint32_t kWidth = 2;
inline constexpr uint32_t kBase = 3;
inline constexpr uint32_t kValues = 4;
inline constexpr uint32_t kFaults = 5;
inline constexpr uint32_t kDictionary = 6;
inline constexpr uint32_t kDictionaryOffsets = 7;

// Loss
inline constexpr uint32_t kLossSpool = 1;
inline constexpr uint32_t kLossGap = 2;
inline constexpr uint32_t kLossBacklog = 3;
inline constexpr uint32_t kLossMalformed = 4;

// Workload
inline constexpr uint32_t kWorkloadCgroup = 1;
inline constexpr uint32_t kWorkloadNamespace = 2;
inline constexpr uint32_t kWorkloadPod = 3;
inline constexpr uint32_t kWorkloadPodUid = 4;
inline constexpr uint32_t kWorkloadContainer = 5;

// Column.field of what every event has; those of a point's own columns begin at kFirstPointColumn.
enum BuiltinColumn : uint32_t {
  kTime = 1,
  kPid = 2,
  kTid = 3,
  kPpid = 4,
  kUid = 5,
  kGid = 6,
  kComm = 7,
  kContext = 8,
  kWorkload = 9,
  kCgroup = 10,
  kTruncated = 11,
};
inline constexpr uint32_t kFirstPointColumn = 16;

/** An encoder closes a batch at this many rows; it bounds the memory of both ends and keeps codes at two bytes. */
inline constexpr uint32_t kEncoderRows = 16384;
/** A decoder refuses more: a few bytes of garbage must not ask for gigabytes. */
inline constexpr uint32_t kDecoderRows = 65536;

}  // namespace traceprobe::batch_format
