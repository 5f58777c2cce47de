// What a map's elements look like.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>

namespace traceprobe {

struct MapShape {
  uint32_t type = 0;
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  uint32_t max_entries = 0;
  uint32_t flags = 0;

  bool IsPerCpu() const;
  /** What a lookup copies: of a per-CPU map every possible CPU's value, each padded to 8 bytes. */
  size_t ValueBytes() const;
  /** Where the next CPU's value begins; 8-byte steps (kernel/bpf/syscall.c, bpf_map_value_size). */
  size_t CpuStride() const { return (static_cast<size_t>(value_size) + 7) & ~size_t{7}; }
};

}  // namespace traceprobe
