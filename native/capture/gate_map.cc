#include "capture/gate_map.h"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>

#include "capture/system_failure.h"

namespace traceprobe {

GateMap::GateMap(int fd) {
  bpf_map_info info = {};
  uint32_t info_size = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &info_size) != 0) {
    throw SystemFailure(errno, "ask for the gates of file descriptor " + std::to_string(fd));
  }
  if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != sizeof(tp_gate) || !(info.map_flags & BPF_F_MMAPABLE)) {
    throw SystemFailure(EINVAL, "map '" + std::string(info.name) + "' as gates, which must be an mmapable array of " +
                                std::to_string(sizeof(tp_gate)) + " bytes each");
  }
  size_ = info.max_entries;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  bytes_ = (size_ * sizeof(tp_gate) + page - 1) / page * page;
  void* const address = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) throw SystemFailure(errno, "map the gates");
  gates_ = static_cast<tp_gate*>(address);
  drained_.resize(size_);
}

GateMap::~GateMap() { munmap(gates_, bytes_); }

void GateMap::Release() {
  for (const uint32_t gate : dirty_) {
    // BPF adds with __sync_fetch_and_add to the same word.
    std::atomic_ref(gates_[gate].in_flight).fetch_sub(static_cast<int64_t>(drained_[gate]), std::memory_order_relaxed);
    drained_[gate] = 0;
  }
  dirty_.clear();
}

}  // namespace traceprobe
