// Perf events: what tracepoint, kprobe and uprobe programs are attached to.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "common/file_descriptor.h"

namespace traceprobe {

/** A perf event, or why there is none: an errno and, where the errno alone would mislead, the reason in words. */
struct PerfEvent {
  FileDescriptor fd;
  int error = 0;
  std::string reason;
};

// libbpf can open these too, but prints what was wrong in words of its own internals, and tries the interface of
// kernels before 4.17 when it is only the name that is wrong.

/** `category` and `name` as in tracefs, which has to be mounted. */
PerfEvent OpenTracepoint(const std::string& category, const std::string& name);

/** A kernel function, `offset` bytes behind its start. */
PerfEvent OpenKprobe(const std::string& function, uint64_t offset, bool retprobe);

/** `offset` bytes into the file; `pid` -1: in every process, 0: in this one. */
PerfEvent OpenUprobe(const std::string& path, uint64_t offset, bool retprobe, pid_t pid);

}  // namespace traceprobe
