#include "bpf/perf_event.h"

#include <linux/perf_event.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "bpf/lockdown.h"

namespace traceprobe {
namespace {

constexpr const char* kPerfUnits = "/sys/bus/event_source/devices/";

PerfEvent Refused(int error, std::string reason = "") { return {FileDescriptor(), error, std::move(reason)}; }

PerfEvent Open(perf_event_attr& attributes, pid_t pid) {
  attributes.size = sizeof(attributes);
  // An event of one process may run on any CPU; one of all processes wants some CPU, which for probes does not matter.
  const int cpu = pid < 0 ? 0 : -1;
  const long fd = syscall(SYS_perf_event_open, &attributes, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
  if (fd < 0) return Refused(errno);
  return {FileDescriptor(static_cast<int>(fd)), 0, ""};
}

bool ReadNumber(const std::string& path, uint64_t& number) {
  std::ifstream file(path);
  return static_cast<bool>(file >> number);
}

/** The perf unit's type and the bit of attr.config that asks for the return probe ("config:0"). */
PerfEvent Describe(const std::string& unit, bool retprobe, perf_event_attr& attributes) {
  uint64_t type = 0;
  if (!ReadNumber(kPerfUnits + unit + "/type", type)) {
    return Refused(EOPNOTSUPP, "this kernel was built without " + unit + "s (there is no " + kPerfUnits + unit + ")");
  }
  attributes.type = static_cast<uint32_t>(type);
  if (!retprobe) return {};
  std::ifstream file(kPerfUnits + unit + "/format/retprobe");
  std::string format;
  constexpr const char kConfig[] = "config:";
  if (!(file >> format) || !format.starts_with(kConfig)) {
    return Refused(EOPNOTSUPP, "this kernel does not say how it marks return probes");
  }
  attributes.config |= uint64_t{1} << std::stoul(format.substr(sizeof(kConfig) - 1));
  return {};
}

}  // namespace

PerfEvent OpenTracepoint(const std::string& category, const std::string& name) {
  if (category.find('/') != std::string::npos || name.find('/') != std::string::npos) {
    return Refused(ENOENT, "a tracepoint's category and name have no slash");
  }
  struct stat found {};
  // The second is where it lies for those who have only debugfs mounted.
  for (const std::string root : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    if (stat((root + "/events").c_str(), &found) != 0) continue;
    const std::string directory = root + "/events/" + category;
    if (stat(directory.c_str(), &found) != 0) {
      return Refused(errno, "this kernel has no tracepoints of category " + category);
    }
    const std::string file = directory + "/" + name + "/id";
    uint64_t id = 0;
    if (!ReadNumber(file, id)) {
      return errno == EACCES || errno == EPERM ? Refused(errno, file + " cannot be read")
                                               : Refused(ENOENT, "this kernel has no tracepoint " + category + "/" + name);
    }
    perf_event_attr attributes{};
    attributes.type = PERF_TYPE_TRACEPOINT;
    attributes.config = id;
    return Open(attributes, -1);
  }
  if (IsLockedDownForConfidentiality()) {
    return Refused(EPERM, "the kernel is locked down (confidentiality), which leaves tracefs empty");
  }
  return Refused(ENOENT, "tracefs is not mounted, or not to be read by this user: mount -t tracefs tracefs /sys/kernel/tracing");
}

PerfEvent OpenKprobe(const std::string& function, uint64_t offset, bool retprobe) {
  perf_event_attr attributes{};
  if (auto refused = Describe("kprobe", retprobe, attributes); refused.error != 0) return refused;
  attributes.kprobe_func = reinterpret_cast<uintptr_t>(function.c_str());
  attributes.probe_offset = offset;
  auto event = Open(attributes, -1);
  if (event.error == ENOENT) {
    event.reason = "this kernel has no function " + function + " that can be probed";
  } else if (event.error == EADDRNOTAVAIL) {  // since 6.6; before that the first of them was probed
    event.reason = "this kernel has several functions " + function;
  } else if (event.error == EINVAL) {
    event.reason = "the kernel forbids probes on " + function + " (notrace or blacklisted), or " +
                   std::to_string(offset) + " is no instruction's offset in it";
  } else if (event.error == EPERM && IsLockedDownForConfidentiality()) {
    event.reason = "the kernel is locked down (confidentiality), which forbids kprobes";
  }
  return event;
}

PerfEvent OpenUprobe(const std::string& path, uint64_t offset, bool retprobe, pid_t pid) {
  perf_event_attr attributes{};
  if (auto refused = Describe("uprobe", retprobe, attributes); refused.error != 0) return refused;
  attributes.uprobe_path = reinterpret_cast<uintptr_t>(path.c_str());
  attributes.probe_offset = offset;
  auto event = Open(attributes, pid < 0 ? -1 : pid);
  if (event.error == ENOENT) event.reason = "there is no file " + path;
  if (event.error == EINVAL) {
    event.reason = path + " is no regular file on a file system that has executables, or has no offset " +
                   std::to_string(offset);
  }
  return event;
}

}  // namespace traceprobe
