// Whose events are: workloads by cgroup, as JavaScript has told them. Only of the draining thread.
#pragma once

#include <linux/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "traceprobe.h"

namespace traceprobe {

struct Workload {
  uint64_t cgroup = 0;
  /** Empty, as the three below, outside of all pods. */
  std::string namespace_name;
  std::string pod;
  std::string pod_uid;
  std::string container;
  /** Of the probes whose scope selects it, by gate: what the kernel's map of workloads says too. */
  std::array<uint64_t, TP_MAX_PROBES / 64> probes{};

  bool IsPod() const { return !pod.empty(); }
  bool Selects(uint16_t gate) const { return probes[gate / 64] >> (gate % 64) & 1; }
};

struct WorkloadChange {
  std::vector<std::shared_ptr<const Workload>> set;
  std::vector<uint64_t> removed;
};

class Workloads {
 public:
  /** Nobody has said anything yet: there are no workloads here, and no event waits for one. */
  bool Empty() const { return !used_; }

  void Apply(const WorkloadChange& change) {
    used_ = true;
    for (const uint64_t cgroup : change.removed) known_.erase(cgroup);
    for (const auto& workload : change.set) known_[workload->cgroup] = workload;
  }

  /** Null: not known. */
  std::shared_ptr<const Workload> Find(uint64_t cgroup) const {
    const auto found = known_.find(cgroup);
    return found == known_.end() ? nullptr : found->second;
  }

 private:
  bool used_ = false;
  std::unordered_map<uint64_t, std::shared_ptr<const Workload>> known_;
};

}  // namespace traceprobe
