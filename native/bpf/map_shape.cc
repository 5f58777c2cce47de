#include "bpf/map_shape.h"

#include <bpf/libbpf.h>

namespace traceprobe {

bool MapShape::IsPerCpu() const {
  switch (type) {
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH:
    case BPF_MAP_TYPE_PERCPU_ARRAY:
    case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
      return true;
    default:
      return false;
  }
}

size_t MapShape::ValueBytes() const {
  if (IsPerCpu()) return CpuStride() * static_cast<size_t>(libbpf_num_possible_cpus());
  // Maps of descriptors answer with an id and take a descriptor, both four bytes, which value_size says already.
  return value_size;
}

}  // namespace traceprobe
