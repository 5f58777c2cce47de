// The probes' gates (struct tp_gate), mapped: what this process drains is taken off their bytes in flight.
#pragma once

#include <linux/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "traceprobe.h"

namespace traceprobe {

class GateMap {
 public:
  /** Throws SystemFailure. The descriptor is not needed afterwards. */
  explicit GateMap(int fd);
  GateMap(const GateMap&) = delete;
  GateMap& operator=(const GateMap&) = delete;
  ~GateMap();

  size_t Size() const { return size_; }

  /** Notes bytes that have been drained; Release() takes them off. */
  void Add(uint32_t gate, uint32_t bytes) {
    if (gate >= drained_.size()) return;
    if (drained_[gate] == 0) dirty_.push_back(gate);
    drained_[gate] += bytes;
  }

  /** One atomic operation for each gate that Add() named since the last time. */
  void Release();

 private:
  tp_gate* gates_ = nullptr;
  size_t size_ = 0;   // gates
  size_t bytes_ = 0;  // of the mapping
  std::vector<uint64_t> drained_;
  std::vector<uint32_t> dirty_;
};

}  // namespace traceprobe
